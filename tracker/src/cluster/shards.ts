/** The number of streams that the swarms are spread over. */
export const shards = 16

/** How often nodes exchange their announces. */
export const everyMs = 250
