import type { Family } from './announce.ts'
import { header } from './memory.ts'
import { countField, listWords, type PeerLists } from './peer-list.ts'
import { listsField } from './torrent.ts'

/** Goes through all peers a few at a time, again and again, and drops those that have stopped announcing. */
export class Expiry {
  readonly #words: Int32Array
  readonly #lists: readonly [PeerLists, PeerLists]
  readonly #at: (torrent: number) => number

  constructor(words: Int32Array, lists: readonly [PeerLists, PeerLists], at: (torrent: number) => number) {
    this.#words = words
    this.#lists = lists
    this.#at = at
  }

  /** Looks at `budget` peers; returns true when a round over all of them has ended. */
  step(tick: number, ttl: number, budget: number): boolean {
    const words = this.#words
    const end = words[header.torrentCarved]!
    let torrent = words[header.sweepTorrent]! || 1
    for (let left = budget; left > 0; ) {
      if (torrent >= end) {
        words[header.sweepTorrent] = 1
        return true
      }
      const family = words[header.sweepFamily]! === 0 ? 0 : 1
      left = this.#expireList(torrent, family, { tick, ttl, budget: left })
      if (words[header.sweepPosition] !== 0) break
      words[header.sweepFamily] = 1 - family
      if (family === 1) torrent++
    }
    words[header.sweepTorrent] = torrent
    return false
  }

  #expireList(
    torrent: number,
    family: Family,
    limits: { tick: number; ttl: number; budget: number },
  ): number {
    const words = this.#words
    const lists = this.#lists[family]
    const at = this.#at(torrent)
    const list = at + listsField + family * listWords
    const count = words[list + countField]!
    let left = limits.budget - 1
    if (count === 0) {
      words[header.sweepPosition] = 0
      return left
    }
    // The list is read backwards, because removing a peer moves later ones into its place.
    let position = words[header.sweepPosition]! === 0 ? count : Math.min(count, words[header.sweepPosition]!)
    for (; position > 0 && left > 0; position--, left--) {
      const age = (limits.tick - lists.tickAt(lists.at(list, position - 1))) & 0xff
      if (age > limits.ttl && age < ahead) lists.remove(list, position - 1)
    }
    words[header.sweepPosition] = position
    if (words[at + listsField + countField]! + words[at + listsField + listWords + countField]! === 0)
      words[header.activeSwarms]!--
    return left
  }
}

/** Ages of this many ticks or more belong to announces a tick or two in the future. */
const ahead = 250
