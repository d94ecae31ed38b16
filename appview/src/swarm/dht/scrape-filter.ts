/** The Bloom filters by which nodes of the DHT say how many have a torrent, without saying who (BEP 33). */
export const filterBytes = 256

const bits = filterBytes * 8
/** How many bits one address sets. */
const bitsEach = 2

/** Estimates how many addresses a filter contains; a full one counts as 7,800. */
export function estimateAddresses(filter: Uint8Array): number {
  const unset = bits - countBits(filter)
  if (unset === bits) return 0
  return Math.round(Math.log(Math.max(unset, 1) / bits) / (bitsEach * Math.log(1 - 1 / bits)))
}

/** The bits that are set in two or more of these filters, since a single node may make up its own. */
export function confirmedBits(filters: readonly Uint8Array[]): Uint8Array {
  const once = new Uint8Array(filterBytes)
  const twice = new Uint8Array(filterBytes)
  for (const filter of filters) {
    for (let i = 0; i < filterBytes; i++) {
      twice[i]! |= once[i]! & filter[i]!
      once[i]! |= filter[i]!
    }
  }
  return twice
}

function countBits(filter: Uint8Array): number {
  let count = 0
  for (const byte of filter) for (let rest = byte; rest > 0; rest &= rest - 1) count++
  return count
}
