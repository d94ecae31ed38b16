import { header, type SwarmMemory, torrentWords } from './memory.ts'
import { Names } from './names.ts'

/** The word of a torrent that refers to one of its names; it is 0 for a torrent number that is not in use. */
export const nameBytes = 0
const nextFree = 1
/** The sources that list a name are bits of one word, whose upper half marks those that a snapshot has confirmed. */
export const maxSources = 14
/** A hybrid torrent has two names; more would require a SHA-1 collision. */
const mostNames = 16

/**
 * The infohashes that may be announced, each listed by one or more sources, and the torrents they identify. An entry
 * with two names (a hybrid: v1 and truncated v2) is one torrent under both.
 */
export class Allowed {
  readonly #memory: SwarmMemory
  readonly #words: Int32Array
  readonly #names: Names
  readonly #swarms: SwarmKeeper

  constructor(memory: SwarmMemory, swarms: SwarmKeeper) {
    this.#memory = memory
    this.#words = memory.words
    this.#names = new Names(memory)
    this.#swarms = swarms
  }

  /** The torrent that the 20 bytes at `offset` identify, or 0 if they identify no allowed torrent. */
  torrentOf(bytes: Uint8Array, offset: number): number {
    const name = this.#names.find(bytes, offset)
    return name === 0 ? 0 : this.#names.torrentOf(name)
  }

  /**
   * Allows a torrent for `source`. Every 20 bytes of `hashes` are one of its names. Two torrents that turn out to be
   * the same are merged.
   * @returns false if there is no room for another name
   */
  allow(hashes: Uint8Array, source: number, confirm = false): boolean {
    const bits = (1 << source) | (confirm ? 1 << (source + 16) : 0)
    let known = 0
    for (let offset = 0; offset < hashes.length; offset += 20) {
      let name = this.#names.find(hashes, offset)
      if (name === 0) {
        const torrent = known === 0 ? this.#open() : this.#names.torrentOf(known)
        name = torrent === 0 ? 0 : this.#names.add(hashes, offset, torrent)
        if (name === 0) {
          if (torrent !== 0 && known === 0) this.#close(torrent)
          return false
        }
        if (known === 0) this.#words[this.at(torrent) + nameBytes] = name
        else this.#names.join(known, name, torrent)
      } else if (known !== 0) this.#merge(known, name)
      this.#names.setSources(name, this.#names.sourcesOf(name) | bits)
      known = name
    }
    return true
  }

  /** Withdraws these names for `source`; a torrent that no source lists is removed with its peers. */
  withdraw(hashes: Uint8Array, source: number): void {
    for (let offset = 0; offset < hashes.length; offset += 20) {
      const name = this.#names.find(hashes, offset)
      if (name !== 0) this.#withdrawName(name, source)
    }
  }

  /**
   * Ends a snapshot: names that `source` listed before and did not confirm are withdrawn. Looks at `count` names from
   * `from` on and returns where to continue, or 0 at the end.
   */
  withdrawUnconfirmed(source: number, from: number, count: number): number {
    const end = Math.min(this.#names.end, from + count)
    const mark = 1 << (source + 16)
    for (let name = from; name < end; name++) {
      if (this.#names.torrentOf(name) === 0) continue
      const sources = this.#names.sourcesOf(name)
      if ((sources & mark) !== 0) this.#names.setSources(name, sources & ~mark)
      else if ((sources & (1 << source)) !== 0) this.#withdrawName(name, source)
    }
    return end === this.#names.end ? 0 : end
  }

  /** Forgets what an abandoned snapshot has confirmed; takes and returns the same as `withdrawUnconfirmed`. */
  unconfirm(source: number, from: number, count: number): number {
    const end = Math.min(this.#names.end, from + count)
    const mark = 1 << (source + 16)
    for (let name = from; name < end; name++) {
      if (this.#names.torrentOf(name) === 0) continue
      this.#names.setSources(name, this.#names.sourcesOf(name) & ~mark)
    }
    return end === this.#names.end ? 0 : end
  }

  /**
   * Calls `visit` for torrents with their names. The bytes are valid only during the call. Looks at `count` torrents
   * from `from` on and returns where to continue, or 0 at the end.
   */
  forEach(
    visit: (torrent: number, names: Uint8Array) => void,
    { from, count }: { from: number; count: number },
  ): number {
    const bytes = new Uint8Array(20 * mostNames)
    const end = Math.min(this.#words[header.torrentCarved]!, from + count)
    for (let torrent = from; torrent < end; torrent++) {
      const first = this.#words[this.at(torrent) + nameBytes]!
      if (first === 0) continue
      let length = 0
      let name = first
      do {
        this.#names.read(name, bytes, length)
        length += 20
        name = this.#names.siblingOf(name)
      } while (name !== first && length < bytes.length)
      if (length > 0) visit(torrent, bytes.subarray(0, length))
    }
    return end === this.#words[header.torrentCarved] ? 0 : end
  }

  /** The word index of a torrent. */
  at(torrent: number): number {
    return this.#memory.torrents + torrent * torrentWords
  }

  #withdrawName(name: number, source: number): void {
    const rest = this.#names.sourcesOf(name) & ~((1 << source) | (1 << (source + 16)))
    this.#names.setSources(name, rest)
    if ((rest & 0xffff) !== 0) return
    const torrent = this.#names.torrentOf(name)
    const sibling = this.#names.siblingOf(name)
    this.#names.remove(name)
    if (sibling === name) this.#close(torrent)
    else this.#words[this.at(torrent) + nameBytes] = sibling
  }

  #merge(name: number, other: number): void {
    const torrent = this.#names.torrentOf(name)
    const absorbed = this.#names.torrentOf(other)
    if (torrent === absorbed) return
    this.#swarms.absorb(absorbed, torrent)
    this.#names.join(name, other, torrent)
    this.#close(absorbed)
  }

  #open(): number {
    const words = this.#words
    let torrent = words[header.torrentFree]!
    if (torrent !== 0) words[header.torrentFree] = words[this.at(torrent) + nextFree]!
    else if (words[header.torrentCarved]! <= this.#memory.capacity.maxTorrents) {
      torrent = words[header.torrentCarved]!++
    } else return 0
    words.fill(0, this.at(torrent), this.at(torrent) + torrentWords)
    words[header.torrentCount]!++
    return torrent
  }

  #close(torrent: number): void {
    const words = this.#words
    this.#swarms.drop(torrent)
    const at = this.at(torrent)
    words[at + nameBytes] = 0
    words[at + nextFree] = words[header.torrentFree]!
    words[header.torrentFree] = torrent
    words[header.torrentCount]!--
  }
}

/** Handles the peers of a torrent whose names change. */
export interface SwarmKeeper {
  /** Removes the peers of `torrent`. */
  drop(torrent: number): void
  /** Adds the peers of `torrent` to those of `into`. */
  absorb(torrent: number, into: number): void
}
