import type { Boost } from '../../plan/corpora.ts'
import type { Facet } from '../../plan/engine.ts'
import { type Place, precedes } from '../../plan/sorts.ts'
import type { LiveSegment, MemoryIndex } from '../memory-index.ts'
import { countFacets, type FacetDocs } from './count-facets.ts'
import { matchSegment } from './match.ts'
import type { MemorySort } from './memory-sorts.ts'
import { meetsTests } from './row-tests.ts'
import { scratch } from './scratch.ts'
import type { SegmentQuery } from './segment-query.ts'
import { TopK } from './top-k.ts'

export interface MemoryRequest {
  query: SegmentQuery
  /** Absent for the order by score. */
  sort: MemorySort | undefined
  after: Place | undefined
  limit: number
  facets: readonly string[]
  boosts: readonly Boost[]
}

export interface MemoryPage {
  rows: { id: number; uri: string; group: number; key: number }[]
  cards: number
  facets: Facet[]
}

/** For each card with several datasets, the place of the one that comes first in the order, which represents it. */
type FirstOfCards = Map<number, Place>

/** Reads a page, and counts every card that matches. */
export function readMemoryPage(index: MemoryIndex, request: MemoryRequest): MemoryPage {
  const { query, sort, after, limit, boosts } = request
  // `TopK` puts the greatest first. For an ascending order, both parts of a place change their signs.
  const sign = sort && !sort.descending ? -1 : 1
  const top = new TopK(limit, after && { key: sign * after.key, id: sign * after.id })
  const shared: FirstOfCards = new Map()
  const facetDocs: FacetDocs[] = []
  let cards = 0
  for (const segment of index.segments) {
    const count = keepLive(segment, query, matchSegment(segment, query))
    if (count === 0) continue
    cards += sort
      ? offerSorted(segment, count, { top, shared, sort, sign })
      : offerScored(segment, count, { top, shared, boosts })
    if (request.facets.length > 0) facetDocs.push({ segment, docs: scratch.docs.slice(0, count) })
  }
  for (const [group, { key, id }] of shared) top.offer(key, id, group)
  const rows = Array.from({ length: top.size }, (_, i) => {
    const id = sign * top.ids[i]!
    return { id, uri: index.uriOf(id), group: top.groups[i]!, key: sign * top.keys[i]! }
  })
  return {
    rows,
    cards: cards + shared.size,
    facets: countFacets(index, request.facets, facetDocs),
  }
}

/** Drops matches that are deleted or fail a test. */
function keepLive(segment: LiveSegment, { tests }: SegmentQuery, count: number): number {
  const { docs, scores } = scratch
  const { deleted } = segment
  let live = count
  if (segment.deletedCount > 0) {
    live = 0
    for (let n = 0; n < count; n++) {
      if (deleted[docs[n]!] === 1) continue
      docs[live] = docs[n]!
      scores[live++] = scores[n]!
    }
  }
  return meetsTests(segment, tests, live)
}

/** The boosts, each with the column that says which datasets get it. */
function boostsIn({ columns }: LiveSegment, boosts: readonly Boost[]) {
  return boosts.map(({ percent, where: { column, is } }) => ({ percent, values: columns[column], is }))
}

function percentOf(boosts: ReturnType<typeof boostsIn>, doc: number): number {
  let percent = 0
  for (const boost of boosts) if (boost.values[doc]! > 0 === boost.is) percent += boost.percent
  return percent
}

/** Offers the matches by their scores, and returns how many of them do not share a card. */
function offerScored(
  segment: LiveSegment,
  count: number,
  { top, shared, boosts }: { top: TopK; shared: FirstOfCards; boosts: readonly Boost[] },
): number {
  const { docs, scores } = scratch
  const { columns } = segment
  const gains = boostsIn(segment, boosts)
  const most = boosts.reduce((sum, { percent }) => sum + percent, 0)
  let own = 0
  for (let n = 0; n < count; n++) {
    const doc = docs[n]!
    const isShared = segment.shared[doc] === 1
    if (!isShared) {
      own++
      if (scores[n]! * (100 + most) < top.least) continue
    }
    const key = scores[n]! * (100 + percentOf(gains, doc))
    if (isShared) lead(shared, columns.group[doc]!, key, columns.id[doc]!)
    else top.offer(key, columns.id[doc]!, columns.group[doc]!)
  }
  return own
}

function offerSorted(
  segment: LiveSegment,
  count: number,
  { top, shared, sort, sign }: { top: TopK; shared: FirstOfCards; sort: MemorySort; sign: number },
): number {
  const { docs } = scratch
  const { columns } = segment
  const { inColumn, key: unknownKey } = sort.unknown ?? everythingKnown
  const values = columns[sort.column]
  let own = 0
  for (let n = 0; n < count; n++) {
    const doc = docs[n]!
    const value = values[doc]!
    const key = sign * (value === inColumn ? unknownKey : value)
    const isShared = segment.shared[doc] === 1
    if (!isShared) {
      own++
      if (key < top.least) continue
    }
    const id = sign * columns.id[doc]!
    if (isShared) lead(shared, columns.group[doc]!, key, id)
    else top.offer(key, id, columns.group[doc]!)
  }
  return own
}

const everythingKnown = { inColumn: Number.NaN, key: Number.NaN }

function lead(shared: FirstOfCards, card: number, key: number, id: number): void {
  const first = shared.get(card)
  const place = { key, id }
  if (!first || precedes(place, first)) shared.set(card, place)
}
