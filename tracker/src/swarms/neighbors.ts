/**
 * Neighbors are counted together: those that share an IPv4 address or a /48 of IPv6, which is what one site gets, and
 * within a site those that share a /64, which is one household. Addresses are words in network order, as they are in
 * memory.
 */

/** The hash of an IPv4 address or a /48. It is seeded, because clients can choose their address within a large network. */
export function hashSite(seed: number, words: Int32Array, at: number, addressWords: number): number {
  let mixed = words[at]! ^ seed
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b)
  if (addressWords === 4) mixed = Math.imul(mixed ^ (mixed >>> 15) ^ (words[at + 1]! & siteBytes), 0x9e3779b1)
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35)
  return mixed ^ (mixed >>> 16)
}

/** Returns 2 if the peer at word `at` has this address or is in the same /64, 1 if it is in the same /48, else 0. */
export function nearness(
  words: Int32Array,
  at: number,
  address: Int32Array,
  addressWords: number,
): 0 | 1 | 2 {
  if (words[at] !== address[0]) return 0
  if (addressWords === 1 || words[at + 1] === address[1]) return 2
  return ((words[at + 1]! ^ address[1]!) & siteBytes) === 0 ? 1 : 0
}

/** A mask for the first two bytes of a word; with the word before it they are a /48. */
export const siteBytes: number = new Int32Array(new Uint8Array([255, 255, 0, 0]).buffer)[0]!

/** How many times the limit of a household applies to its site. */
export const householdsASite = 4
