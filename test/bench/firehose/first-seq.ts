/** A replay counts from here: high enough that `seq` always takes four bytes, which can be written over. */
export const FIRST_SEQ = 1_000_000_000
