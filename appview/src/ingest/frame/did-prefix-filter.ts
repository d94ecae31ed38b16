/**
 * A filter of DIDs with one bit for each: it can tell from the bytes of a frame that most other DIDs are not among them.
 * Without it, a fifth of the cost of deciding on the frames of a stream would be making a string of each DID.
 */
export interface DidPrefixFilter {
  add(did: string): void
  /** Whether the DID in these bytes of ASCII may have been added; false only if it was not. */
  mayHold(bytes: Uint8Array, start: number, end: number): boolean
}

/** The filter has 2^22 bits, half a megabyte. With 200,000 DIDs added, 5 % of the others pass. */
const bits = 22
/** How many characters at the end of a DID are hashed; those of a `did:plc` are random. */
const lookedAt = 8

export function createDidPrefixFilter(): DidPrefixFilter {
  const filter = new Uint8Array(2 ** (bits - 3))
  return {
    add(did) {
      const bytes = Buffer.from(did, 'latin1')
      const bit = bitOf(bytes, 0, bytes.length)
      filter[bit >> 3]! |= 1 << (bit & 7)
    },
    mayHold(bytes, start, end) {
      const bit = bitOf(bytes, start, end)
      return (filter[bit >> 3]! & (1 << (bit & 7))) !== 0
    },
  }
}

function bitOf(bytes: Uint8Array, start: number, end: number): number {
  let hash = 0
  for (let i = Math.max(end - lookedAt, start); i < end; i++) hash = Math.imul(hash ^ bytes[i]!, 0x9e3779b1)
  return hash >>> (32 - bits)
}
