import { header, SPAN_META_WORDS, SPAN_WORDS, type SwarmMemory } from './memory.ts'

/**
 * Blocks of memory in fixed size classes, cut from spans of 16 KiB. A span serves one class while any of its
 * blocks is in use and any class again once none is, so that memory freed by one kind of swarm is not lost to
 * the others.
 */
export class Blocks {
  readonly #memory: SwarmMemory
  readonly #words: Int32Array

  constructor(memory: SwarmMemory) {
    this.#memory = memory
    this.#words = memory.words
  }

  /** A block of at least `size` words, by its word index, or 0 when the memory is used up. Not zeroed. */
  take(size: number): number {
    const words = this.#words
    const sizeClass = CLASS_OF[size]!
    const span = words[header.classHeads + sizeClass]! || this.#openSpan(sizeClass)
    if (span === 0) return 0
    const meta = this.#memory.spans + span * SPAN_META_WORDS
    const classWords = CLASS_WORDS[sizeClass]!
    let block = words[meta + FREE]!
    if (block !== 0) words[meta + FREE] = words[block]!
    else block = this.#memory.slab + span * SPAN_WORDS + classWords * words[meta + CARVED]!++
    words[meta + USED]!++
    if (words[meta + FREE] === 0 && (words[meta + CARVED]! + 1) * classWords > SPAN_WORDS) {
      this.#unlink(span, sizeClass)
    }
    return block
  }

  /** Gives back a block that `take` returned. */
  give(block: number): void {
    const words = this.#words
    const span = Math.floor((block - this.#memory.slab) / SPAN_WORDS)
    const meta = this.#memory.spans + span * SPAN_META_WORDS
    const sizeClass = words[meta + CLASS]!
    const wasFull =
      words[meta + FREE] === 0 && (words[meta + CARVED]! + 1) * CLASS_WORDS[sizeClass]! > SPAN_WORDS
    words[block] = words[meta + FREE]!
    words[meta + FREE] = block
    words[meta + USED]!--
    if (words[meta + USED] === 0) {
      if (!wasFull) this.#unlink(span, sizeClass)
      words[meta + NEXT] = words[header.spanFree]!
      words[header.spanFree] = span
      words[header.liveSpans]!--
    } else if (wasFull) this.#link(span, sizeClass)
  }

  /** Words that `block` really has, at least those it was taken for. */
  sizeOf(block: number): number {
    const span = Math.floor((block - this.#memory.slab) / SPAN_WORDS)
    return CLASS_WORDS[this.#words[this.#memory.spans + span * SPAN_META_WORDS + CLASS]!]!
  }

  #openSpan(sizeClass: number): number {
    const words = this.#words
    let span = words[header.spanFree]!
    if (span !== 0) words[header.spanFree] = words[this.#memory.spans + span * SPAN_META_WORDS + NEXT]!
    else if (words[header.spanCarved]! < this.#memory.spanCount) span = words[header.spanCarved]!++
    else return 0
    words[header.liveSpans]!++
    const meta = this.#memory.spans + span * SPAN_META_WORDS
    words[meta + CLASS] = sizeClass
    words[meta + USED] = 0
    words[meta + CARVED] = 0
    words[meta + FREE] = 0
    this.#link(span, sizeClass)
    return span
  }

  #link(span: number, sizeClass: number): void {
    const words = this.#words
    const head = words[header.classHeads + sizeClass]!
    const meta = this.#memory.spans + span * SPAN_META_WORDS
    words[meta + NEXT] = head
    words[meta + PREVIOUS] = 0
    if (head !== 0) words[this.#memory.spans + head * SPAN_META_WORDS + PREVIOUS] = span
    words[header.classHeads + sizeClass] = span
  }

  #unlink(span: number, sizeClass: number): void {
    const words = this.#words
    const meta = this.#memory.spans + span * SPAN_META_WORDS
    const next = words[meta + NEXT]!
    const previous = words[meta + PREVIOUS]!
    if (next !== 0) words[this.#memory.spans + next * SPAN_META_WORDS + PREVIOUS] = previous
    if (previous !== 0) words[this.#memory.spans + previous * SPAN_META_WORDS + NEXT] = next
    else words[header.classHeads + sizeClass] = next
  }
}

const [CLASS, USED, CARVED, FREE, NEXT, PREVIOUS] = [0, 1, 2, 3, 4, 5] as const

/** Peers of small swarms (3 or 6 words each), pages of large ones (256 or 448), directories (powers of two). */
const CLASS_WORDS = [
  2, 4, 6, 9, 12, 16, 18, 24, 32, 36, 48, 64, 72, 96, 128, 144, 192, 256, 288, 448, 512, 1024,
]
const CLASS_OF = new Uint8Array(CLASS_WORDS.at(-1)! + 1)
for (let size = 0, sizeClass = 0; size < CLASS_OF.length; size++) {
  if (size > CLASS_WORDS[sizeClass]!) sizeClass++
  CLASS_OF[size] = sizeClass
}
