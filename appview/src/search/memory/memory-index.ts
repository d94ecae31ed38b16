/**
 * Every visible dataset in memory, in segments. The index may lag behind the store, so `search-memory.ts` asks the store
 * whether each answer still holds.
 */
import { allTerm } from '../../search-terms/codes.ts'
import type { TermStatistics } from '../../search-terms/term-statistics.ts'
import type { MadeSegment } from './segments/make-segment.ts'
import {
  buffersOf,
  type FacetValue,
  findId,
  lookUp,
  type Postings,
  type Segment,
  textAt,
} from './segments/segment.ts'
import type { Counts } from './segments/segment-rows.ts'

export interface LiveSegment extends Segment {
  /** By dataset: 1 if it is now in another segment, or no longer in the index. */
  readonly deleted: Uint8Array
  deletedCount: number
  /** By dataset: 1 if it may share its card with others. */
  readonly shared: Uint8Array
  readonly bytes: number
}

export class MemoryIndex implements TermStatistics {
  segments: readonly LiveSegment[] = []
  /** The values of facets, by their numbers. */
  readonly values: FacetValue[] = []
  /** How many times the index was changed. */
  changes = 0
  /** The ids of cards on which several datasets are shown. */
  readonly #sharedCards = new Set<number>()

  /** The number of visible datasets. */
  get records(): number {
    return this.segments.reduce((sum, { size, deletedCount }) => sum + size - deletedCount, 0)
  }

  get bytes(): number {
    return this.segments.reduce((sum, segment) => sum + segment.bytes, 0)
  }

  has(base: number): boolean {
    return this.of(base).records > 0
  }

  of(base: number): { records: number; above: null } {
    if (base === allTerm) return { records: this.records, above: null }
    let records = 0
    for (const segment of this.segments) records += lengthOf(segment, base)
    return { records, above: null }
  }

  /** Whether a visible dataset has the term. */
  leads(base: number): boolean {
    return this.segments.some(
      (segment) => hasLive(segment, segment.words, base) || hasLive(segment, segment.terms, base),
    )
  }

  /** @throws Error when there is no dataset with this id */
  uriOf(id: number): string {
    const at = this.#find(id)
    if (!at) throw new Error(`no dataset ${id} in memory`)
    return textAt(at.segment.uris, at.doc)
  }

  /** Adds a segment. It takes the place of `replaced`, whose datasets it contains. */
  add({ segment, newValues }: MadeSegment, replaced: readonly LiveSegment[] = []): void {
    this.changes++
    for (const value of newValues) this.values.push(value)
    const others = this.segments.filter((old) => !replaced.includes(old))
    const live = toLive(segment)
    this.segments = segment.size > 0 ? [...others, live] : others
    for (const [doc, card] of segment.columns.group.entries())
      if (card !== segment.columns.id[doc] || this.#sharedCards.has(card)) this.#share(live, doc, card)
  }

  /** Removes datasets that are deleted or hidden, or will be added again. */
  remove(ids: readonly number[]): void {
    this.changes++
    for (const id of ids) {
      const at = this.#find(id)
      if (at) markDeleted(at.segment, at.doc)
    }
  }

  setCounts(counts: readonly Counts[]): void {
    this.changes++
    for (const { id, group, torrents, seeders } of counts) {
      const at = this.#find(id)
      if (!at) continue
      const { segment, doc } = at
      segment.columns.torrents[doc] = torrents
      segment.columns.seeders[doc] = seeders ?? -1
      segment.columns.group[doc] = group
      if (group !== id) this.#share(segment, doc, group)
    }
  }

  #share(segment: LiveSegment, doc: number, card: number): void {
    segment.shared[doc] = 1
    if (this.#sharedCards.has(card)) return
    this.#sharedCards.add(card)
    // The id of a card is that of its first dataset.
    const first = this.#find(card)
    if (first) first.segment.shared[first.doc] = 1
  }

  #find(id: number): { segment: LiveSegment; doc: number } | undefined {
    for (const segment of this.segments) {
      const doc = findId(segment.columns, id)
      if (doc >= 0 && segment.deleted[doc] === 0) return { segment, doc }
    }
    return undefined
  }
}

function toLive(segment: Segment): LiveSegment {
  return {
    ...segment,
    deleted: new Uint8Array(segment.size),
    deletedCount: 0,
    shared: new Uint8Array(segment.size),
    bytes: buffersOf(segment).reduce((sum, buffer) => sum + buffer.byteLength, 2 * segment.size),
  }
}

function markDeleted(segment: LiveSegment, doc: number): void {
  if (segment.deleted[doc] === 1) return
  segment.deleted[doc] = 1
  segment.deletedCount++
}

function hasLive({ deleted, deletedCount }: LiveSegment, postings: Postings, base: number): boolean {
  const { from, to } = lookUp(postings, base)
  if (deletedCount === 0) return to > from
  for (let i = from; i < to; i++) if (deleted[postings.docs[i]!] === 0) return true
  return false
}

function lengthOf(segment: Segment, base: number): number {
  const word = lookUp(segment.words, base)
  if (word.to > word.from) return word.to - word.from
  const term = lookUp(segment.terms, base)
  return term.to - term.from
}
