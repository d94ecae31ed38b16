/**
 * A replay begins with this sequence number, which is so high that `seq` always takes four bytes and can be overwritten
 * in place.
 */
export const firstSeq = 1_000_000_000
