import { header, type SwarmMemory, spanMetaWords, spanWords } from './memory.ts'

/**
 * Allocates blocks of memory in fixed size classes, cut from spans of 16 KiB. A span serves one class as long as any of
 * its blocks is in use, and any class again when none is, so that memory freed by one kind of swarm can be used by
 * others.
 */
export class Blocks {
  readonly #memory: SwarmMemory
  readonly #words: Int32Array

  constructor(memory: SwarmMemory) {
    this.#memory = memory
    this.#words = memory.words
  }

  /**
   * Allocates a block of at least `size` words and returns its word index, or 0 if the memory is used up. The block is
   * not zeroed.
   */
  take(size: number): number {
    const words = this.#words
    const sizeClass = classOf[size]!
    const span = words[header.classHeads + sizeClass]! || this.#openSpan(sizeClass)
    if (span === 0) return 0
    const meta = this.#memory.spans + span * spanMetaWords
    const classWords = wordsOfClass[sizeClass]!
    let block = words[meta + free]!
    if (block !== 0) words[meta + free] = words[block]!
    else block = this.#memory.slab + span * spanWords + classWords * words[meta + carved]!++
    words[meta + used]!++
    if (words[meta + free] === 0 && (words[meta + carved]! + 1) * classWords > spanWords) {
      this.#unlink(span, sizeClass)
    }
    return block
  }

  /** Frees a block that `take` returned. */
  give(block: number): void {
    const words = this.#words
    const span = Math.floor((block - this.#memory.slab) / spanWords)
    const meta = this.#memory.spans + span * spanMetaWords
    const sizeClass = words[meta + classWord]!
    const wasFull =
      words[meta + free] === 0 && (words[meta + carved]! + 1) * wordsOfClass[sizeClass]! > spanWords
    words[block] = words[meta + free]!
    words[meta + free] = block
    words[meta + used]!--
    if (words[meta + used] === 0) {
      if (!wasFull) this.#unlink(span, sizeClass)
      words[meta + nextWord] = words[header.spanFree]!
      words[header.spanFree] = span
      words[header.liveSpans]!--
    } else if (wasFull) this.#link(span, sizeClass)
  }

  /** The size of `block` in words, which is at least the size that was requested. */
  sizeOf(block: number): number {
    const span = Math.floor((block - this.#memory.slab) / spanWords)
    return wordsOfClass[this.#words[this.#memory.spans + span * spanMetaWords + classWord]!]!
  }

  #openSpan(sizeClass: number): number {
    const words = this.#words
    let span = words[header.spanFree]!
    if (span !== 0) words[header.spanFree] = words[this.#memory.spans + span * spanMetaWords + nextWord]!
    else if (words[header.spanCarved]! < this.#memory.spanCount) span = words[header.spanCarved]!++
    else return 0
    words[header.liveSpans]!++
    const meta = this.#memory.spans + span * spanMetaWords
    words[meta + classWord] = sizeClass
    words[meta + used] = 0
    words[meta + carved] = 0
    words[meta + free] = 0
    this.#link(span, sizeClass)
    return span
  }

  #link(span: number, sizeClass: number): void {
    const words = this.#words
    const head = words[header.classHeads + sizeClass]!
    const meta = this.#memory.spans + span * spanMetaWords
    words[meta + nextWord] = head
    words[meta + previousWord] = 0
    if (head !== 0) words[this.#memory.spans + head * spanMetaWords + previousWord] = span
    words[header.classHeads + sizeClass] = span
  }

  #unlink(span: number, sizeClass: number): void {
    const words = this.#words
    const meta = this.#memory.spans + span * spanMetaWords
    const next = words[meta + nextWord]!
    const previous = words[meta + previousWord]!
    if (next !== 0) words[this.#memory.spans + next * spanMetaWords + previousWord] = previous
    if (previous !== 0) words[this.#memory.spans + previous * spanMetaWords + nextWord] = next
    else words[header.classHeads + sizeClass] = next
  }
}

const [classWord, used, carved, free, nextWord, previousWord] = [0, 1, 2, 3, 4, 5] as const

/**
 * Size classes for the peers of small swarms (3 or 6 words each), the pages of large ones (256 or 448), and directories
 * (powers of two).
 */
const wordsOfClass = [
  2, 4, 6, 9, 12, 16, 18, 24, 32, 36, 48, 64, 72, 96, 128, 144, 192, 256, 288, 448, 512, 1024,
]
const classOf = new Uint8Array(wordsOfClass.at(-1)! + 1)
for (let size = 0, sizeClass = 0; size < classOf.length; size++) {
  if (size > wordsOfClass[sizeClass]!) sizeClass++
  classOf[size] = sizeClass
}
