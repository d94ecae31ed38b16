import type { Blocks } from './blocks.ts'
import { header, type SwarmMemory, siteCounters } from './memory.ts'
import { hashSite } from './neighbors.ts'
import { PeerPages } from './peer-pages.ts'

/**
 * The peers of one swarm that share an address family, seeders before leechers, without gaps:
 *
 *   | seeder | seeder | leecher | leecher | leecher |
 *
 * A peer is its address (1 or 4 words), a word of port and key, and a word that holds the tick it last
 * announced in. Up to 48 peers lie in one block and are searched in order; more lie in pages with an index.
 */
export class PeerLists {
  readonly addressWords: number
  readonly #words: Int32Array
  readonly #blocks: Blocks
  readonly #pages: PeerPages
  readonly #stride: number
  readonly #total: number
  readonly #siteCounts: number

  constructor(memory: SwarmMemory, blocks: Blocks, addressWords: 1 | 4) {
    this.addressWords = addressWords
    this.#words = memory.words
    this.#blocks = blocks
    this.#stride = addressWords + 2
    this.#total = addressWords === 1 ? header.peers4 : header.peers6
    this.#siteCounts = memory.siteCounts
    this.#pages = new PeerPages(memory, blocks, addressWords)
  }

  /** The position of the peer, or -1. */
  find(list: number, address: Int32Array, port: number): number {
    const words = this.#words
    if (words[list + pages]! !== 0) return this.#pages.find(list, address, port)
    const stride = this.#stride
    const first = words[list + ref]!
    const end = first + words[list + countField]! * stride
    const portAt = this.addressWords
    for (let at = first; at < end; at += stride) {
      if (words[at] !== address[0] || (words[at + portAt]! & 0xffff) !== port) continue
      if (portAt === 4 && !sameTail(words, at, address)) continue
      return (at - first) / stride
    }
    return -1
  }

  /** The first position at which a neighbor of `address` may be, or -1; `nextNear` continues from it. */
  firstNear(list: number, address: Int32Array): number {
    const words = this.#words
    if (words[list + pages]! !== 0) return this.#pages.firstNear(list, address)
    return words[list + countField]! - 1
  }

  nextNear(list: number, position: number): number {
    return this.#words[list + pages]! !== 0 ? this.#pages.nextNear(list, position) : position - 1
  }

  /** The word that counts the peers, in all swarms, of the site of the address at `at` in `words`. */
  siteCounterAt(words: Int32Array, at: number): number {
    const seed = this.#words[header.seed]!
    return this.#siteCounts + (hashSite(~seed, words, at, this.addressWords) & (siteCounters - 1))
  }

  /** Adds a peer that is not in the list; returns its position, or -1 if the memory is used up. */
  insert(list: number, peer: NewPeer, seeder: boolean): number {
    const words = this.#words
    const count = words[list + countField]!
    if (!this.#makeRoom(list, count)) return -1
    let position = count
    if (seeder) {
      const seeders = words[list + seedersField]!
      if (seeders < count) {
        this.#move(list, seeders, count)
        position = seeders
      }
      words[list + seedersField] = seeders + 1
      words[header.seeders]!++
    }
    const at = this.at(list, position)
    for (let word = 0; word < this.addressWords; word++) words[at + word] = peer.address[word]!
    words[at + this.addressWords] = (peer.port & 0xffff) | (peer.key << 16)
    words[at + this.addressWords + 1] = peer.tick & 0xff
    if (words[list + pages]! !== 0) this.#pages.link(list, position)
    words[list + countField] = count + 1
    words[this.#total]!++
    words[this.siteCounterAt(words, at)]!++
    return position
  }

  remove(list: number, position: number): void {
    const words = this.#words
    words[this.siteCounterAt(words, this.at(list, position))]!--
    if (words[list + pages]! !== 0) this.#pages.unlink(list, position)
    let hole = position
    const seeders = words[list + seedersField]!
    if (hole < seeders) {
      if (hole !== seeders - 1) this.#move(list, seeders - 1, hole)
      hole = seeders - 1
      words[list + seedersField] = seeders - 1
      words[header.seeders]!--
    }
    const last = words[list + countField]! - 1
    if (hole !== last) this.#move(list, last, hole)
    words[list + countField] = last
    words[this.#total]!--
    this.#giveBackRoom(list, last)
  }

  /** Turns a leecher into a seeder or the reverse; returns its new position. */
  setSeeder(list: number, position: number, seeder: boolean): number {
    const words = this.#words
    const seeders = words[list + seedersField]!
    const isSeeder = position < seeders
    if (isSeeder === seeder) return position
    const border = seeder ? seeders : seeders - 1
    if (border !== position) this.#swap(list, border, position)
    words[list + seedersField] = seeder ? seeders + 1 : seeders - 1
    words[header.seeders]! += seeder ? 1 : -1
    return border
  }

  /** Removes every peer and frees the memory. */
  clear(list: number): void {
    const words = this.#words
    for (let position = words[list + countField]! - 1; position >= 0; position--) {
      words[this.siteCounterAt(words, this.at(list, position))]!--
    }
    words[this.#total]! -= words[list + countField]!
    words[header.seeders]! -= words[list + seedersField]!
    if (words[list + pages]! !== 0) this.#pages.clear(list)
    else if (words[list + ref]! !== 0) this.#blocks.give(words[list + ref]!)
    words.fill(0, list, list + listWords)
  }

  /** The word index of the peer at `position`. */
  at(list: number, position: number): number {
    const words = this.#words
    if (words[list + pages]! !== 0) return this.#pages.at(list, position)
    return words[list + ref]! + position * this.#stride
  }

  keyAt(at: number): number {
    return this.#words[at + this.addressWords]! >>> 16
  }

  tickAt(at: number): number {
    return this.#words[at + this.addressWords + 1]! & 0xff
  }

  /** Copies the peer at word `at` into `peer`. */
  read(at: number, peer: { -readonly [K in keyof NewPeer]: NewPeer[K] }): void {
    for (let word = 0; word < this.addressWords; word++) peer.address[word] = this.#words[at + word]!
    peer.port = this.#words[at + this.addressWords]! & 0xffff
    peer.key = this.keyAt(at)
    peer.tick = this.tickAt(at)
  }

  refresh(at: number, key: number, tick: number): void {
    const words = this.#words
    const portAt = at + this.addressWords
    words[portAt] = (words[portAt]! & 0xffff) | (key << 16)
    words[portAt + 1] = (words[portAt + 1]! & ~0xff) | (tick & 0xff)
  }

  #makeRoom(list: number, count: number): boolean {
    const words = this.#words
    if (words[list + pages]! !== 0) return this.#pages.makeRoom(list, count)
    if (count < words[list + capacityField]!) return true
    if (count === smallLimit) return this.#pages.convert(list)
    return this.#resize(list, nextSmall(count + 1))
  }

  #giveBackRoom(list: number, count: number): void {
    const words = this.#words
    if (count === 0) {
      if (words[list + pages]! !== 0) this.#pages.clear(list)
      else this.#blocks.give(words[list + ref]!)
      words[list + ref] = 0
      words[list + capacityField] = 0
    } else if (words[list + pages]! !== 0) {
      this.#pages.giveBackRoom(list, count)
    } else if (count * 3 <= words[list + capacityField]! && words[list + capacityField]! > 2) {
      this.#resize(list, nextSmall(count + 1))
    }
  }

  #resize(list: number, capacity: number): boolean {
    const words = this.#words
    const block = this.#blocks.take(capacity * this.#stride)
    if (block === 0) return false
    const old = words[list + ref]!
    if (old !== 0) {
      words.copyWithin(block, old, old + words[list + countField]! * this.#stride)
      this.#blocks.give(old)
    }
    words[list + ref] = block
    words[list + capacityField] = capacity
    return true
  }

  #move(list: number, from: number, to: number): void {
    const words = this.#words
    const indexed = words[list + pages]! !== 0
    if (indexed) this.#pages.unlink(list, from)
    const source = this.at(list, from)
    const target = this.at(list, to)
    for (let word = 0; word < this.#stride; word++) words[target + word] = words[source + word]!
    if (indexed) this.#pages.link(list, to)
  }

  #swap(list: number, a: number, b: number): void {
    const words = this.#words
    const indexed = words[list + pages]! !== 0
    if (indexed) {
      this.#pages.unlink(list, a)
      this.#pages.unlink(list, b)
    }
    const first = this.at(list, a)
    const second = this.at(list, b)
    for (let word = 0; word < this.#stride; word++) {
      const value = words[first + word]!
      words[first + word] = words[second + word]!
      words[second + word] = value
    }
    if (indexed) {
      this.#pages.link(list, a)
      this.#pages.link(list, b)
    }
  }
}

export interface NewPeer {
  /** The address in network byte order, as the bytes are in memory: one word for IPv4, four for IPv6. */
  readonly address: Int32Array
  /** The port as its two bytes are in memory: the low byte comes first on the wire. */
  readonly port: number
  /** Sixteen bits that distinguish two clients behind one address and port. */
  readonly key: number
  readonly tick: number
}

/** The words of a list, relative to its first. */
export const [countField, seedersField, pages, ref, capacityField] = [0, 1, 2, 3, 4] as const
export const listWords = 5
export const smallLimit = 48
const small = [2, 3, 4, 6, 8, 12, 16, 24, 32, 48]

function nextSmall(count: number): number {
  return small.find((capacity) => capacity >= count) ?? smallLimit
}

function sameTail(words: Int32Array, at: number, address: Int32Array): boolean {
  return words[at + 1] === address[1] && words[at + 2] === address[2] && words[at + 3] === address[3]
}
