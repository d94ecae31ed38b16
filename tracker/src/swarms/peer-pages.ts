import type { Blocks } from './blocks.ts'
import { header, type SwarmMemory } from './memory.ts'
import { hashSite } from './neighbors.ts'

/**
 * Peers of a large swarm, 64 a page, and an index that grows and shrinks with them by linear hashing: page n
 * brings the heads of buckets 64n to 64n+63, so adding a page splits those 64 and dropping it joins them
 * again. Nothing is ever rehashed as a whole, so no announce waits for one. Neighbors (`Crowding`) share a bucket,
 * which their limit keeps short.
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
    return this.#page(list, position >>> 6) + pagePeers + (position & 63) * this.#stride
  }

  find(list: number, address: Int32Array, port: number): number {
    const words = this.#words
    const portAt = this.#addressWords
    let next = words[this.#head(list, hashSite(words[header.seed]!, address, 0, portAt))]!
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

  /** The position of the first peer in the bucket of `address`, or -1. */
  firstNear(list: number, address: Int32Array): number {
    const words = this.#words
    return words[this.#head(list, hashSite(words[header.seed]!, address, 0, this.#addressWords))]! - 1
  }

  /** The position of the peer after the one at `position` in its bucket, or -1. */
  nextNear(list: number, position: number): number {
    return (this.#words[this.at(list, position) + this.#addressWords + 1]! >>> 8) - 1
  }

  /** Adds the peer at `position` to the index. */
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

  /** Turns a list of one block into pages; returns false if the memory is used up. */
  convert(list: number): boolean {
    const words = this.#words
    const block = words[list + ref]!
    const directory = this.#blocks.take(2)
    const page = directory === 0 ? 0 : this.#takePage()
    if (page === 0) {
      if (directory !== 0) this.#blocks.give(directory)
      return false
    }
    const count = words[list + countField]!
    words.copyWithin(page + pagePeers, block, block + count * this.#stride)
    words[directory] = page
    words[list + ref] = directory
    words[list + pagesField] = 1
    for (let position = 0; position < count; position++) this.link(list, position)
    this.#blocks.give(block)
    return true
  }

  makeRoom(list: number, count: number): boolean {
    const pages = this.#words[list + pagesField]!
    if (count < pages * 64) return true
    if (pages === maxPages) return false
    const page = this.#takePage()
    if (page === 0) return false
    if (!this.#growDirectory(list, pages)) {
      this.#blocks.give(page)
      return false
    }
    this.#words[list + pagesField] = pages + 1
    this.#setPage(list, pages, page)
    // The buckets of the new page take over half of the peers of the buckets that they split from.
    const half = 1 << (31 - Math.clz32(pages))
    const source = this.#page(list, pages - half)
    for (let head = 0; head < 64; head++) this.#redistribute(list, source + head)
    return true
  }

  giveBackRoom(list: number, count: number): void {
    const words = this.#words
    const pages = words[list + pagesField]!
    if (pages === 1) {
      if (count <= backToBlock) this.#toBlock(list, count)
      return
    }
    if (count > (pages - 1) * 64 - 32) return
    const last = this.#page(list, pages - 1)
    words[list + pagesField] = pages - 1
    this.#shrinkDirectory(list, pages - 1)
    for (let head = 0; head < 64; head++) this.#redistribute(list, last + head)
    this.#blocks.give(last)
  }

  clear(list: number): void {
    const words = this.#words
    const pages = words[list + pagesField]!
    for (let page = 0; page < pages; page++) this.#blocks.give(this.#page(list, page))
    if (pages > chunkWords) {
      for (let chunk = 0; chunk << 8 < pages; chunk++) this.#blocks.give(words[words[list + ref]! + chunk]!)
    }
    this.#blocks.give(words[list + ref]!)
    words[list + pagesField] = 0
    words[list + ref] = 0
  }

  #toBlock(list: number, count: number): void {
    const words = this.#words
    const block = this.#blocks.take(48 * this.#stride)
    if (block === 0) return
    const page = this.#page(list, 0)
    words.copyWithin(block, page + pagePeers, page + pagePeers + count * this.#stride)
    this.clear(list)
    words[list + ref] = block
    words[list + capacity] = 48
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
    const page = this.#blocks.take(pagePeers + 64 * this.#stride)
    if (page !== 0) this.#words.fill(0, page, page + 64)
    return page
  }

  #page(list: number, page: number): number {
    const words = this.#words
    const directory = words[list + ref]!
    if (words[list + pagesField]! <= chunkWords) return words[directory + page]!
    return words[words[directory + (page >>> 8)]! + (page & 255)]!
  }

  #setPage(list: number, index: number, page: number): void {
    const words = this.#words
    const directory = words[list + ref]!
    if (words[list + pagesField]! <= chunkWords) words[directory + index] = page
    else words[words[directory + (index >>> 8)]! + (index & 255)] = page
  }

  /** Makes room for page number `pages` in the directory, which has one level up to 256 pages and then two. */
  #growDirectory(list: number, pages: number): boolean {
    const words = this.#words
    if (pages < chunkWords) {
      return !isPowerOfTwo(pages) || pages === 1 || this.#replaceDirectory(list, pages, pages * 2)
    }
    if ((pages & 255) !== 0) return true
    const chunk = this.#blocks.take(chunkWords)
    if (chunk === 0) return false
    const chunks = pages >>> 8
    if (pages === chunkWords) {
      const root = this.#blocks.take(2)
      if (root === 0) {
        this.#blocks.give(chunk)
        return false
      }
      words[root] = words[list + ref]!
      words[list + ref] = root
    } else if (isPowerOfTwo(chunks) && !this.#replaceDirectory(list, chunks, chunks * 2)) {
      this.#blocks.give(chunk)
      return false
    }
    words[words[list + ref]! + chunks] = chunk
    return true
  }

  #shrinkDirectory(list: number, pages: number): void {
    const words = this.#words
    if (pages < chunkWords) {
      if (isPowerOfTwo(pages) && pages > 1) this.#replaceDirectory(list, pages, pages)
      return
    }
    if ((pages & 255) !== 0) return
    const chunks = pages >>> 8
    const root = words[list + ref]!
    this.#blocks.give(words[root + chunks]!)
    if (chunks === 1) {
      words[list + ref] = words[root]!
      this.#blocks.give(root)
    } else if (isPowerOfTwo(chunks)) this.#replaceDirectory(list, chunks, chunks)
  }

  #replaceDirectory(list: number, used: number, size: number): boolean {
    const words = this.#words
    const old = words[list + ref]!
    const directory = this.#blocks.take(size)
    if (directory === 0) return false
    words.copyWithin(directory, old, old + used)
    words[list + ref] = directory
    this.#blocks.give(old)
    return true
  }

  #head(list: number, hash: number): number {
    const buckets = this.#words[list + pagesField]! << 6
    const high = 1 << (32 - Math.clz32(buckets - 1))
    const within = hash & (high - 1)
    const bucket = within < buckets ? within : within & ((high >>> 1) - 1)
    return this.#page(list, bucket >>> 6) + (bucket & 63)
  }

  #hashAt(at: number): number {
    return hashSite(this.#words[header.seed]!, this.#words, at, this.#addressWords)
  }
}

const [countField, pagesField, ref, capacity] = [0, 2, 3, 4] as const
const pagePeers = 64
const chunkWords = 256
/** The next position and the tick share a word, in which 24 bits are the position. */
const maxPages = 2 ** 18 - 1
const backToBlock = 32

function isPowerOfTwo(value: number): boolean {
  return (value & (value - 1)) === 0
}
