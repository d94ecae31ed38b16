import type { Blocks } from './blocks.ts'
import { header, type SwarmMemory } from './memory.ts'

/**
 * Peers of a large swarm, 64 a page, and an index that grows and shrinks with them by linear hashing: page n
 * brings the heads of buckets 64n to 64n+63, so adding a page splits those 64 and dropping it joins them
 * again. Nothing is ever rehashed as a whole, so no announce waits for one.
 *
 *   page      | 64 heads | 64 peers |
 *   peer      | address | port and key | position of the next in its bucket, tick |
 *   directory | page | page | …   or, above 256 pages,   | directory | directory | …
 */
export class PeerPages {
  readonly #words: Int32Array
  readonly #blocks: Blocks
  readonly #addressWords: number
  readonly #stride: number

  constructor(memory: SwarmMemory, blocks: Blocks, addressWords: number) {
    this.#words = memory.words
    this.#blocks = blocks
    this.#addressWords = addressWords
    this.#stride = addressWords + 2
  }

  at(list: number, position: number): number {
    return this.#page(list, position >>> 6) + PAGE_PEERS + (position & 63) * this.#stride
  }

  find(list: number, address: Int32Array, port: number): number {
    const words = this.#words
    const portAt = this.#addressWords
    const tail = portAt === 4 ? hashTail(address, 0) : 0
    let next = words[this.#head(list, hash(words[header.seed]!, address[0]! ^ tail, port))]!
    while (next !== 0) {
      const at = this.at(list, next - 1)
      if (
        words[at] === address[0] &&
        (words[at + portAt]! & 0xffff) === port &&
        (portAt === 1 ||
          (words[at + 1] === address[1] && words[at + 2] === address[2] && words[at + 3] === address[3]))
      ) {
        return next - 1
      }
      next = words[at + portAt + 1]! >>> 8
    }
    return -1
  }

  /** Enters the peer at `position` into the index. */
  link(list: number, position: number): void {
    const words = this.#words
    const at = this.at(list, position)
    const head = this.#head(list, this.#hashAt(at))
    const linkAt = at + this.#addressWords + 1
    words[linkAt] = (words[linkAt]! & 0xff) | (words[head]! << 8)
    words[head] = position + 1
  }

  unlink(list: number, position: number): void {
    const words = this.#words
    const at = this.at(list, position)
    const after = words[at + this.#addressWords + 1]! >>> 8
    const head = this.#head(list, this.#hashAt(at))
    let next = words[head]!
    if (next === position + 1) {
      words[head] = after
      return
    }
    for (;;) {
      const linkAt = this.at(list, next - 1) + this.#addressWords + 1
      next = words[linkAt]! >>> 8
      if (next === position + 1) {
        words[linkAt] = (words[linkAt]! & 0xff) | (after << 8)
        return
      }
    }
  }

  /** Turns a list of one block into pages; false when the memory is used up. */
  convert(list: number): boolean {
    const words = this.#words
    const block = words[list + REF]!
    const directory = this.#blocks.take(2)
    const page = directory === 0 ? 0 : this.#takePage()
    if (page === 0) {
      if (directory !== 0) this.#blocks.give(directory)
      return false
    }
    const count = words[list + COUNT]!
    words.copyWithin(page + PAGE_PEERS, block, block + count * this.#stride)
    words[directory] = page
    words[list + REF] = directory
    words[list + PAGES] = 1
    for (let position = 0; position < count; position++) this.link(list, position)
    this.#blocks.give(block)
    return true
  }

  makeRoom(list: number, count: number): boolean {
    const pages = this.#words[list + PAGES]!
    if (count < pages * 64) return true
    if (pages === MAX_PAGES) return false
    const page = this.#takePage()
    if (page === 0) return false
    if (!this.#growDirectory(list, pages)) {
      this.#blocks.give(page)
      return false
    }
    this.#words[list + PAGES] = pages + 1
    this.#setPage(list, pages, page)
    // The heads of the new page take over half of what is in the buckets that they split from.
    const half = 1 << (31 - Math.clz32(pages))
    const source = this.#page(list, pages - half)
    for (let head = 0; head < 64; head++) this.#redistribute(list, source + head)
    return true
  }

  giveBackRoom(list: number, count: number): void {
    const words = this.#words
    const pages = words[list + PAGES]!
    if (pages === 1) {
      if (count <= BACK_TO_BLOCK) this.#toBlock(list, count)
      return
    }
    if (count > (pages - 1) * 64 - 32) return
    const last = this.#page(list, pages - 1)
    words[list + PAGES] = pages - 1
    this.#shrinkDirectory(list, pages - 1)
    for (let head = 0; head < 64; head++) this.#redistribute(list, last + head)
    this.#blocks.give(last)
  }

  clear(list: number): void {
    const words = this.#words
    const pages = words[list + PAGES]!
    for (let page = 0; page < pages; page++) this.#blocks.give(this.#page(list, page))
    if (pages > CHUNK) {
      for (let chunk = 0; chunk << 8 < pages; chunk++) this.#blocks.give(words[words[list + REF]! + chunk]!)
    }
    this.#blocks.give(words[list + REF]!)
    words[list + PAGES] = 0
    words[list + REF] = 0
  }

  #toBlock(list: number, count: number): void {
    const words = this.#words
    const block = this.#blocks.take(48 * this.#stride)
    if (block === 0) return
    const page = this.#page(list, 0)
    words.copyWithin(block, page + PAGE_PEERS, page + PAGE_PEERS + count * this.#stride)
    this.clear(list)
    words[list + REF] = block
    words[list + CAPACITY] = 48
  }

  #redistribute(list: number, head: number): void {
    const words = this.#words
    let next = words[head]!
    words[head] = 0
    while (next !== 0) {
      const position = next - 1
      next = words[this.at(list, position) + this.#addressWords + 1]! >>> 8
      this.link(list, position)
    }
  }

  #takePage(): number {
    const page = this.#blocks.take(PAGE_PEERS + 64 * this.#stride)
    if (page !== 0) this.#words.fill(0, page, page + 64)
    return page
  }

  #page(list: number, page: number): number {
    const words = this.#words
    const directory = words[list + REF]!
    if (words[list + PAGES]! <= CHUNK) return words[directory + page]!
    return words[words[directory + (page >>> 8)]! + (page & 255)]!
  }

  #setPage(list: number, index: number, page: number): void {
    const words = this.#words
    const directory = words[list + REF]!
    if (words[list + PAGES]! <= CHUNK) words[directory + index] = page
    else words[words[directory + (index >>> 8)]! + (index & 255)] = page
  }

  /** Makes place for page number `pages` in the directory, one level deep up to 256 pages and then two. */
  #growDirectory(list: number, pages: number): boolean {
    const words = this.#words
    if (pages < CHUNK) {
      return !isPowerOfTwo(pages) || pages === 1 || this.#replaceDirectory(list, pages, pages * 2)
    }
    if ((pages & 255) !== 0) return true
    const chunk = this.#blocks.take(CHUNK)
    if (chunk === 0) return false
    const chunks = pages >>> 8
    if (pages === CHUNK) {
      const root = this.#blocks.take(2)
      if (root === 0) {
        this.#blocks.give(chunk)
        return false
      }
      words[root] = words[list + REF]!
      words[list + REF] = root
    } else if (isPowerOfTwo(chunks) && !this.#replaceDirectory(list, chunks, chunks * 2)) {
      this.#blocks.give(chunk)
      return false
    }
    words[words[list + REF]! + chunks] = chunk
    return true
  }

  #shrinkDirectory(list: number, pages: number): void {
    const words = this.#words
    if (pages < CHUNK) {
      if (isPowerOfTwo(pages) && pages > 1) this.#replaceDirectory(list, pages, pages)
      return
    }
    if ((pages & 255) !== 0) return
    const chunks = pages >>> 8
    const root = words[list + REF]!
    this.#blocks.give(words[root + chunks]!)
    if (chunks === 1) {
      words[list + REF] = words[root]!
      this.#blocks.give(root)
    } else if (isPowerOfTwo(chunks)) this.#replaceDirectory(list, chunks, chunks)
  }

  #replaceDirectory(list: number, used: number, size: number): boolean {
    const words = this.#words
    const old = words[list + REF]!
    const directory = this.#blocks.take(size)
    if (directory === 0) return false
    words.copyWithin(directory, old, old + used)
    words[list + REF] = directory
    this.#blocks.give(old)
    return true
  }

  #head(list: number, hash: number): number {
    const buckets = this.#words[list + PAGES]! << 6
    const high = 1 << (32 - Math.clz32(buckets - 1))
    const within = hash & (high - 1)
    const bucket = within < buckets ? within : within & ((high >>> 1) - 1)
    return this.#page(list, bucket >>> 6) + (bucket & 63)
  }

  #hashAt(at: number): number {
    const words = this.#words
    const tail = this.#addressWords === 4 ? hashTail(words, at) : 0
    return hash(words[header.seed]!, words[at]! ^ tail, words[at + this.#addressWords]! & 0xffff)
  }
}

const [COUNT, PAGES, REF, CAPACITY] = [0, 2, 3, 4] as const
const PAGE_PEERS = 64
const CHUNK = 256
/** The next position and the tick share a word: 24 bits of position. */
const MAX_PAGES = 2 ** 18 - 1
const BACK_TO_BLOCK = 32

function isPowerOfTwo(value: number): boolean {
  return (value & (value - 1)) === 0
}

/** Seeded, because clients choose their ports and, with IPv6, most of their address. */
function hash(seed: number, address: number, port: number): number {
  let mixed = Math.imul(address ^ seed, 0x9e3779b1)
  mixed = Math.imul(mixed ^ (mixed >>> 15) ^ port, 0x85ebca6b)
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35)
  return mixed ^ (mixed >>> 16)
}

function hashTail(words: Int32Array, at: number): number {
  let mixed = Math.imul(words[at + 1]!, 0x27d4eb2f)
  mixed = Math.imul(mixed ^ (mixed >>> 15) ^ words[at + 2]!, 0x165667b1)
  return Math.imul(mixed ^ (mixed >>> 13) ^ words[at + 3]!, 0x2545f491)
}
