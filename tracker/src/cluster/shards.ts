/** Streams that the swarms are spread over. */
export const SHARDS = 16

/** How often nodes exchange what was announced to them. */
export const EVERY_MS = 250
