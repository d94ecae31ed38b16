/**
 * A part of the index in memory: up to 65,536 datasets, numbered from 0 in the order of their ids. The terms of a dataset
 * never change in a segment: a dataset that changes is marked as deleted and added to another segment. A segment consists
 * of typed arrays, so that a thread can make one and hand it over without copying.
 */
import { levels } from '../../../search-terms/codes.ts'

export const segmentSize = 65_536

/** The datasets that have each term, ascending, and the impact that a word has in each. */
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

/** Values of each dataset. */
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
  /** The text that is shown, if it differs from the value. */
  readonly label?: string
}

/** The bits of a code that name the facet. */
const facetBits = 3

/** A value as a number: the index's `n`th value, which is one of the facet at place `facet` in `facetNames`. */
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
 * The codes of each dataset's values for all facets, from its start up to the start of the next one. They are stored
 * together, because each jump to another place in memory takes time.
 */
export interface FacetValues {
  readonly starts: Uint32Array
  readonly codes: Uint32Array
}

/** Texts in UTF-8, one after the other; each ends where the next one starts. */
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

/** The part of `docs` that contains the datasets of a term. */
export interface Run {
  readonly from: number
  readonly to: number
}

const nowhere: Run = { from: 0, to: 0 }

/** Finds the datasets of a term. @param base its code, from `baseOf` */
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

/** The bucket of a term: the upper 15 of its 47 bits. */
export function bucketOf(term: number): number {
  return Math.floor(term / 2 ** 32)
}

/** The place of the dataset with this id, or -1. */
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

/** All buffers of a segment, to transfer it between threads or to measure it. */
export function buffersOf({ words, terms, columns, facets, uris }: Segment): ArrayBuffer[] {
  const parts = [words, terms, columns, facets, uris] as object[]
  return parts.flatMap((part) =>
    Object.values(part).map((array: ArrayBufferView<ArrayBuffer>) => array.buffer),
  )
}
