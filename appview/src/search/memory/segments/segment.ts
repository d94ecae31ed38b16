/**
 * A part of the index that is held in memory: up to 65,536 datasets, numbered from 0 in the order of their ids. What a
 * dataset is found by never changes in a segment; one that is described anew goes into another, and is deleted here. Plain
 * arrays throughout, so that a thread can make a segment and hand it over without copying.
 */
import { levels } from '../../../search-terms/codes.ts'

export const segmentSize = 65_536

/** For each term the datasets that have it, ascending, and for words the impact it has in each. */
export interface Postings {
  /** Where the terms of each bucket begin: the upper 15 bits of a term's 47. */
  readonly buckets: Uint32Array
  /** The lower 32 bits of each term, ascending within its bucket. */
  readonly terms: Uint32Array
  /** Where the datasets of each term begin; one more than there are terms. */
  readonly starts: Uint32Array
  readonly docs: Uint16Array
  /** 1 to 63, beside `docs`; empty where terms have no impacts. */
  readonly levels: Uint8Array
}

/** Values of the datasets, by number. */
export interface Columns {
  readonly id: Float64Array
  /** The card it is shown on. */
  readonly group: Float64Array
  /** Microseconds since 1970. */
  readonly created: Float64Array
  /** Bytes; -1 where unknown. */
  readonly size: Float64Array
  readonly torrents: Int32Array
  /** -1 where unknown. */
  readonly seeders: Int32Array
  /** Days since 1970; `noDeadline` where there is none. */
  readonly deadline: Int32Array
}

export const noDeadline = 2_147_483_647

export const facetNames = ['keyword', 'publisher', 'license', 'risk', 'scarcity', 'format', 'author'] as const
export type FacetName = (typeof facetNames)[number]

/** A value of one facet. */
export interface FacetValue {
  readonly facet: FacetName
  readonly value: string
  /** In the words that it is shown in, where they are others. */
  readonly label?: string
}

/** The bits of a code that say which facet it is of. */
const facetBits = 3

/** A value as a number: the `n`th value of an index, of the facet at this place among `facetNames`. */
export function facetCode(n: number, facet: number): number {
  return (n << facetBits) | facet
}

export function valueNumber(code: number): number {
  return code >>> facetBits
}

export function facetPlace(code: number): number {
  return code & ((1 << facetBits) - 1)
}

/**
 * Codes of what each dataset counts for in any facet, from its start up to the next one's: all in one place, since each is
 * read from somewhere else in memory.
 */
export interface FacetValues {
  readonly starts: Uint32Array
  readonly codes: Uint32Array
}

/** UTF-8 of all, each from its start up to the next one's. */
export interface Texts {
  readonly starts: Uint32Array
  readonly bytes: Uint8Array<ArrayBuffer>
}

export interface Segment {
  readonly size: number
  /** Words with their impacts. */
  readonly words: Postings
  /** All other terms: filters, fields, pairs of words. */
  readonly terms: Postings
  readonly columns: Columns
  readonly facets: FacetValues
  readonly uris: Texts
}

/** Where the datasets of a term stand in `docs`. */
export interface Run {
  readonly from: number
  readonly to: number
}

const nowhere: Run = { from: 0, to: 0 }

/** @param base the code of a term, as `baseOf` gives it */
export function lookUp(postings: Postings, base: number): Run {
  const term = base / levels
  const bucket = bucketOf(term)
  const wanted = term >>> 0
  let low = postings.buckets[bucket]!
  let high = postings.buckets[bucket + 1]!
  while (low < high) {
    const middle = (low + high) >>> 1
    if (postings.terms[middle]! < wanted) low = middle + 1
    else high = middle
  }
  if (low === postings.buckets[bucket + 1] || postings.terms[low] !== wanted) return nowhere
  return { from: postings.starts[low]!, to: postings.starts[low + 1]! }
}

export const bucketCount = 2 ** 15

/** Of a term of 47 bits. */
export function bucketOf(term: number): number {
  return Math.floor(term / 2 ** 32)
}

/** The number of the dataset with this id, or -1. */
export function findId({ id }: Columns, wanted: number): number {
  let low = 0
  let high = id.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (id[middle]! < wanted) low = middle + 1
    else high = middle
  }
  return id[low] === wanted ? low : -1
}

export function textAt({ starts, bytes }: Texts, n: number): string {
  return decoder.decode(bytes.subarray(starts[n]!, starts[n + 1]!))
}

const decoder = new TextDecoder()

/** Every buffer of a segment: what a thread hands over, and what it weighs. */
export function buffersOf({ words, terms, columns, facets, uris }: Segment): ArrayBuffer[] {
  const parts = [words, terms, columns, facets, uris] as object[]
  return parts.flatMap((part) =>
    Object.values(part).map((array: ArrayBufferView<ArrayBuffer>) => array.buffer),
  )
}
