import { header, nameWords, type SwarmMemory } from './memory.ts'

/**
 * Infohashes and the torrents they name: a hash table that grows by splitting one bucket per insertion
 * (linear hashing), so that no lookup ever waits for a rehash. The names of one torrent form a ring.
 */
export class Names {
  readonly #memory: SwarmMemory
  readonly #words: Int32Array

  constructor(memory: SwarmMemory) {
    this.#memory = memory
    this.#words = memory.words
  }

  /** The record of the name that the 20 bytes at `offset` are, or 0. */
  find(bytes: Uint8Array, offset: number): number {
    const words = this.#words
    if (words[header.nameBuckets] === 0) return 0
    readHash(bytes, offset)
    let name = words[this.#headOf(hashOf(words[header.seed]!))]!
    while (name !== 0) {
      const at = this.#at(name)
      if (
        words[at] === scratch[0] &&
        words[at + 1] === scratch[1] &&
        words[at + 2] === scratch[2] &&
        words[at + 3] === scratch[3] &&
        words[at + 4] === scratch[4]
      ) {
        return name
      }
      name = words[at + chain]!
    }
    return 0
  }

  /** Adds a name that does not exist yet; returns 0 if there is no room. */
  add(bytes: Uint8Array, offset: number, torrent: number): number {
    const words = this.#words
    let name = words[header.nameFree]!
    if (name !== 0) words[header.nameFree] = words[this.#at(name) + chain]!
    else if (words[header.nameCarved]! < (this.#memory.capacity.maxTorrents + 1) * 2) {
      name = words[header.nameCarved]!++
    } else return 0
    const at = this.#at(name)
    readHash(bytes, offset)
    words.set(scratch, at)
    words[at + torrentField] = torrent
    words[at + sibling] = name
    words[at + sourcesField] = 0
    words[header.nameCount]!++
    if (words[header.nameCount]! > words[header.nameBuckets]!) this.#split()
    const head = this.#headOf(this.#hashAt(at))
    words[at + chain] = words[head]!
    words[head] = name
    return name
  }

  /** Removes a name; the other names of its torrent stay. */
  remove(name: number): void {
    const words = this.#words
    const at = this.#at(name)
    this.#unchain(name)
    let before = name
    while (words[this.#at(before) + sibling] !== name) before = words[this.#at(before) + sibling]!
    words[this.#at(before) + sibling] = words[at + sibling]!
    words[at + torrentField] = 0
    words[at + chain] = words[header.nameFree]!
    words[header.nameFree] = name
    words[header.nameCount]!--
  }

  /** Merges the rings of two names of different torrents, and makes all the names those of `torrent`. */
  join(name: number, other: number, torrent: number): void {
    const words = this.#words
    const a = this.#at(name) + sibling
    const b = this.#at(other) + sibling
    const next = words[a]!
    words[a] = words[b]!
    words[b] = next
    let each = name
    do {
      words[this.#at(each) + torrentField] = torrent
      each = words[this.#at(each) + sibling]!
    } while (each !== name)
  }

  torrentOf(name: number): number {
    return this.#words[this.#at(name) + torrentField]!
  }

  /** The next name of the same torrent, or the name itself if it is the only one. */
  siblingOf(name: number): number {
    return this.#words[this.#at(name) + sibling]!
  }

  /** A bit set: bit n is set if source n lists the name. */
  sourcesOf(name: number): number {
    return this.#words[this.#at(name) + sourcesField]!
  }

  setSources(name: number, sources: number): void {
    this.#words[this.#at(name) + sourcesField] = sources
  }

  /** Copies the 20 bytes of `name` to `bytes` at `offset`. */
  read(name: number, bytes: Uint8Array, offset: number): void {
    const at = this.#at(name)
    for (let word = 0; word < 5; word++) {
      const value = this.#words[at + word]!
      for (let byte = 0; byte < 4; byte++) bytes[offset + word * 4 + byte] = value >>> (byte * 8)
    }
  }

  /** Every name in use is below this number; `torrentOf` says whether one is in use. */
  get end(): number {
    return this.#words[header.nameCarved]!
  }

  #at(name: number): number {
    return this.#memory.names + name * nameWords
  }

  #headOf(hash: number): number {
    const buckets = this.#words[header.nameBuckets]!
    const high = 1 << (32 - Math.clz32(buckets - 1))
    const bucket = hash & (high - 1)
    return this.#memory.nameHeads + (bucket < buckets ? bucket : bucket & ((high >>> 1) - 1))
  }

  #hashAt(at: number): number {
    for (let word = 0; word < 5; word++) scratch[word] = this.#words[at + word]!
    return hashOf(this.#words[header.seed]!)
  }

  /** Adds one bucket and moves the names into it that now belong there. */
  #split(): void {
    const words = this.#words
    const bucket = words[header.nameBuckets]!++
    words[this.#memory.nameHeads + bucket] = 0
    if (bucket === 0) return
    const from = this.#memory.nameHeads + bucket - (1 << (31 - Math.clz32(bucket)))
    let name = words[from]!
    words[from] = 0
    while (name !== 0) {
      const at = this.#at(name)
      const next = words[at + chain]!
      const head = this.#headOf(this.#hashAt(at))
      words[at + chain] = words[head]!
      words[head] = name
      name = next
    }
  }

  #unchain(name: number): void {
    const words = this.#words
    const at = this.#at(name)
    let link = this.#headOf(this.#hashAt(at))
    while (words[link] !== name) link = this.#at(words[link]!) + chain
    words[link] = words[at + chain]!
  }
}

const torrentField = 5
const chain = 6
const sibling = 7
const sourcesField = 8
const scratch = new Int32Array(5)

function readHash(bytes: Uint8Array, offset: number): void {
  for (let word = 0, at = offset; word < 5; word++, at += 4) {
    scratch[word] = bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)
  }
}

/** The hash is seeded, because the makers of torrents can choose their infohashes. */
function hashOf(seed: number): number {
  let hash = Math.imul(scratch[0]! ^ seed, 0x9e3779b1) ^ scratch[1]!
  hash = Math.imul(hash ^ (hash >>> 15), 0x85ebca6b) ^ scratch[2]!
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return hash ^ (hash >>> 16)
}
