import { levels } from '../../../search-terms/codes.ts'
import {
  bucketOf,
  type Columns,
  type FacetName,
  type FacetValues,
  facetNames,
  noDeadline,
  type Segment,
  segmentSize,
  type Texts,
} from './segment.ts'
import { type Occurrences, sortPostings } from './sort-postings.ts'

/** A visible dataset as it is read from the store. */
export interface SegmentRow extends Record<FacetName, readonly string[]> {
  id: number
  uri: string
  group: number
  /** Microseconds since 1970. */
  created: number
  size: number | null
  torrents: number
  seeders: number | null
  /** Days since 1970. */
  deadline: number | null
  /** PostgreSQL's text of the array, ascending. */
  codes: string
}

/** Makes segments from rows that are added in the order of their ids. */
export class SegmentBuilder {
  #rows: Omit<SegmentRow, 'codes'>[] = []
  #words = new OccurrenceList(levels)
  #terms = new OccurrenceList(1)

  /** The number of rows added; a segment has room for `segmentSize`. */
  get size(): number {
    return this.#rows.length
  }

  add({ codes, ...row }: SegmentRow): void {
    if (this.#rows.length >= segmentSize) throw new RangeError(`a segment holds ${segmentSize} rows`)
    const doc = this.#rows.push(row) - 1
    // A word has two neighboring codes, with impact 0 and with its impact; only the latter is kept.
    let before = -1
    for (let at = 1, code = 0; at < codes.length; at++) {
      const digit = codes.charCodeAt(at) - 48
      if (digit >= 0 && digit <= 9) {
        code = code * 10 + digit
        continue
      }
      if (before >= 0) this.#put(before, code, doc)
      before = code
      code = 0
    }
    if (before > 0) this.#put(before, -1, doc)
  }

  /** @param codeOf returns the code of a facet's value, which is the same in every segment of an index */
  seal(codeOf: (facet: FacetName, value: string) => number): Segment {
    const rows = this.#rows
    this.#rows = []
    return {
      size: rows.length,
      words: sortPostings(this.#words.take(), true),
      terms: sortPostings(this.#terms.take(), false),
      columns: columnsOf(rows),
      facets: facetsOf(rows, codeOf),
      uris: textsOf(rows.map((row) => row.uri)),
    }
  }

  #put(code: number, next: number, doc: number): void {
    const level = code % levels
    if (level > 0) this.#words.push((code - level) / levels, level, doc)
    else if (next < 0 || next >= code + levels) this.#terms.push(code / levels, 0, doc)
  }
}

function columnsOf(rows: readonly Omit<SegmentRow, 'codes'>[]): Columns {
  return {
    id: Float64Array.from(rows, (row) => row.id),
    group: Float64Array.from(rows, (row) => row.group),
    created: Float64Array.from(rows, (row) => row.created),
    size: Float64Array.from(rows, (row) => row.size ?? -1),
    torrents: Int32Array.from(rows, (row) => row.torrents),
    seeders: Int32Array.from(rows, (row) => row.seeders ?? -1),
    deadline: Int32Array.from(rows, (row) => row.deadline ?? noDeadline),
  }
}

function facetsOf(
  rows: readonly Omit<SegmentRow, 'codes'>[],
  codeOf: (facet: FacetName, value: string) => number,
): FacetValues {
  const starts = new Uint32Array(rows.length + 1)
  const codes: number[] = []
  for (const [doc, row] of rows.entries()) {
    for (const facet of facetNames) for (const value of new Set(row[facet])) codes.push(codeOf(facet, value))
    starts[doc + 1] = codes.length
  }
  return { starts, codes: Uint32Array.from(codes) }
}

function textsOf(texts: readonly string[]): Texts {
  const encoded = texts.map((text) => Buffer.from(text))
  const starts = new Uint32Array(texts.length + 1)
  for (const [n, bytes] of encoded.entries()) starts[n + 1] = starts[n]! + bytes.length
  const bytes = new Uint8Array(starts[texts.length]!)
  for (const [n, text] of encoded.entries()) bytes.set(text, starts[n])
  return { starts, bytes }
}

/** A list of occurrences that doubles its memory when it is full. */
class OccurrenceList {
  #found: Occurrences = emptyOccurrences(0)
  #count = 0
  readonly #first: number

  constructor(first: number) {
    this.#first = first * 1_024
  }

  push(term: number, level: number, doc: number): void {
    if (this.#count === this.#found.docs.length) this.#grow()
    this.#found.buckets[this.#count] = bucketOf(term)
    this.#found.terms[this.#count] = term >>> 0
    this.#found.docs[this.#count] = doc
    this.#found.levels[this.#count++] = level
  }

  take(): Occurrences {
    const taken = { ...this.#found, count: this.#count }
    this.#found = emptyOccurrences(0)
    this.#count = 0
    return taken
  }

  #grow(): void {
    const larger = emptyOccurrences(Math.max(this.#first, 2 * this.#count))
    for (const name of ['buckets', 'terms', 'docs', 'levels'] as const) larger[name].set(this.#found[name])
    this.#found = larger
  }
}

function emptyOccurrences(size: number): Occurrences {
  return {
    count: 0,
    buckets: new Uint16Array(size),
    terms: new Uint32Array(size),
    docs: new Uint16Array(size),
    levels: new Uint8Array(size),
  }
}
