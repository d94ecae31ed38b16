import { header, NAME_WORDS, type SwarmMemory } from './memory.ts'

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

  /** The name record of the 20 bytes at `offset`, or 0. */
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
      name = words[at + CHAIN]!
    }
    return 0
  }

  /** Adds a name that is not there yet; 0 when there is no room. */
  add(bytes: Uint8Array, offset: number, torrent: number): number {
    const words = this.#words
    let name = words[header.nameFree]!
    if (name !== 0) words[header.nameFree] = words[this.#at(name) + CHAIN]!
    else if (words[header.nameCarved]! < (this.#memory.capacity.maxTorrents + 1) * 2) {
      name = words[header.nameCarved]!++
    } else return 0
    const at = this.#at(name)
    readHash(bytes, offset)
    words.set(scratch, at)
    words[at + TORRENT] = torrent
    words[at + SIBLING] = name
    words[at + SOURCES] = 0
    words[header.nameCount]!++
    if (words[header.nameCount]! > words[header.nameBuckets]!) this.#split()
    const head = this.#headOf(this.#hashAt(at))
    words[at + CHAIN] = words[head]!
    words[head] = name
    return name
  }

  /** Removes a name; its torrent's other names stay. */
  remove(name: number): void {
    const words = this.#words
    const at = this.#at(name)
    this.#unchain(name)
    let before = name
    while (words[this.#at(before) + SIBLING] !== name) before = words[this.#at(before) + SIBLING]!
    words[this.#at(before) + SIBLING] = words[at + SIBLING]!
    words[at + TORRENT] = 0
    words[at + CHAIN] = words[header.nameFree]!
    words[header.nameFree] = name
    words[header.nameCount]!--
  }

  /** Makes the rings of two names of different torrents one ring, and all its names those of `torrent`. */
  join(name: number, other: number, torrent: number): void {
    const words = this.#words
    const a = this.#at(name) + SIBLING
    const b = this.#at(other) + SIBLING
    const next = words[a]!
    words[a] = words[b]!
    words[b] = next
    let each = name
    do {
      words[this.#at(each) + TORRENT] = torrent
      each = words[this.#at(each) + SIBLING]!
    } while (each !== name)
  }

  torrentOf(name: number): number {
    return this.#words[this.#at(name) + TORRENT]!
  }

  /** The next name of the same torrent; itself when it is the only one. */
  siblingOf(name: number): number {
    return this.#words[this.#at(name) + SIBLING]!
  }

  /** Bit n is set when source n vouches for the name. */
  sourcesOf(name: number): number {
    return this.#words[this.#at(name) + SOURCES]!
  }

  setSources(name: number, sources: number): void {
    this.#words[this.#at(name) + SOURCES] = sources
  }

  /** Copies the 20 bytes of `name` to `bytes` at `offset`. */
  read(name: number, bytes: Uint8Array, offset: number): void {
    const at = this.#at(name)
    for (let word = 0; word < 5; word++) {
      const value = this.#words[at + word]!
      for (let byte = 0; byte < 4; byte++) bytes[offset + word * 4 + byte] = value >>> (byte * 8)
    }
  }

  /** Every name below this number may be in use; `torrentOf` tells whether it is. */
  get end(): number {
    return this.#words[header.nameCarved]!
  }

  #at(name: number): number {
    return this.#memory.names + name * NAME_WORDS
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

  /** Opens one bucket more and moves into it the names that now belong there. */
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
      const next = words[at + CHAIN]!
      const head = this.#headOf(this.#hashAt(at))
      words[at + CHAIN] = words[head]!
      words[head] = name
      name = next
    }
  }

  #unchain(name: number): void {
    const words = this.#words
    const at = this.#at(name)
    let link = this.#headOf(this.#hashAt(at))
    while (words[link] !== name) link = this.#at(words[link]!) + CHAIN
    words[link] = words[at + CHAIN]!
  }
}

const TORRENT = 5
const CHAIN = 6
const SIBLING = 7
const SOURCES = 8
const scratch = new Int32Array(5)

function readHash(bytes: Uint8Array, offset: number): void {
  for (let word = 0, at = offset; word < 5; word++, at += 4) {
    scratch[word] = bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)
  }
}

/** Seeded, because the makers of torrents choose their infohashes. */
function hashOf(seed: number): number {
  let hash = Math.imul(scratch[0]! ^ seed, 0x9e3779b1) ^ scratch[1]!
  hash = Math.imul(hash ^ (hash >>> 15), 0x85ebca6b) ^ scratch[2]!
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return hash ^ (hash >>> 16)
}
