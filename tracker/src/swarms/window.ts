import { countField, type PeerLists, seedersField } from './peer-list.ts'

/**
 * Writes up to `wanted` peers of a list in compact form (BEP 23, BEP 7): a run of peers that begins at a random
 * position and wraps around, so that every peer is equally likely and the cost does not depend on the size of the
 * swarm. Leechers get seeders first; seeders get only leechers.
 */
export class WindowWriter {
  readonly #words: Int32Array
  readonly #lists: PeerLists
  readonly #halves: number
  readonly #stride: number

  constructor(words: Int32Array, lists: PeerLists) {
    this.#words = words
    this.#lists = lists
    this.#stride = lists.addressWords + 2
    this.#halves = lists.addressWords * 2 + 1
  }

  /**
   * @param window `self` is the asking peer's position or -1; `random` lies in [0, 1)
   * @returns the number of peers written to `out` from `offset` on (in 16-bit units)
   */
  write(list: number, window: Window, out: Uint16Array, offset: number): number {
    const seeders = this.#words[list + seedersField]!
    const leechers = this.#words[list + countField]! - seeders
    const { self, random, wanted } = window
    let written = 0
    let rest = random
    if (!window.seeder && seeders > 0) {
      const spin = random * seeders
      rest = spin % 1
      written = this.#run(list, 0, seeders, { start: spin | 0, wanted, self: -1 }, out, offset)
    }
    if (written === wanted || leechers === 0) return written
    const others = self >= seeders ? leechers - 1 : leechers
    let start = (rest * others) | 0
    if (self >= seeders && start >= self - seeders) start++
    const more = { start, wanted: Math.min(wanted - written, others), self: self - seeders }
    return written + this.#run(list, seeders, leechers, more, out, offset + written * this.#halves)
  }

  #run(
    list: number,
    first: number,
    size: number,
    run: { start: number; wanted: number; self: number },
    out: Uint16Array,
    offset: number,
  ): number {
    const lists = this.#lists
    const words = this.#words
    const addressWords = lists.addressWords
    const wanted = Math.min(run.wanted, size)
    let position = run.start
    let to = offset
    let at = 0
    let runEnd = -1
    for (let written = 0; written < wanted; position++) {
      if (position >= size) {
        position = 0
        runEnd = -1
      }
      // Peers are contiguous up to the end of their page.
      if (position >= runEnd) {
        at = lists.at(list, first + position)
        runEnd = position + 64 - ((first + position) & 63)
      } else at += this.#stride
      if (position === run.self) continue
      for (let word = 0; word < addressWords; word++) {
        const value = words[at + word]!
        out[to++] = value
        out[to++] = value >>> 16
      }
      out[to++] = words[at + addressWords]!
      written++
    }
    return wanted
  }
}

export interface Window {
  seeder: boolean
  self: number
  wanted: number
  random: number
}
