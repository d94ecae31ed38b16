import type { Facet } from '../../search-results.ts'
import type { HeldSegment, MemoryIndex } from '../memory-index.ts'
import { countFacets, type FacetDocs } from './count-facets.ts'
import { matchSegment } from './match.ts'
import type { MemorySort } from './memory-sorts.ts'
import type { Plan } from './plan.ts'
import { meetsTests } from './row-tests.ts'
import { scratch } from './scratch.ts'
import { Top } from './top.ts'

export interface MemoryRequest {
  plan: Plan
  /** Without it, by score. */
  sort: MemorySort | undefined
  after: { key: number; id: number } | undefined
  limit: number
  facets: readonly string[]
}

export interface MemoryPage {
  rows: { id: number; uri: string; group: number; key: number }[]
  cards: number
  facets: Facet[]
}

/** A member of a card that has others: only the one that comes first in the order stands for it. */
interface Member {
  key: number
  id: number
}

/** Reads a page, and counts every card that matches. */
export function readMemoryPage(index: MemoryIndex, request: MemoryRequest): MemoryPage {
  const { plan, sort, after, limit } = request
  // In an ascending order the least is the first: both parts of a key change sides.
  const sign = sort && !sort.descending ? -1 : 1
  const top = new Top(limit, after && { key: sign * after.key, id: sign * after.id })
  const shared = new Map<number, Member>()
  const facetDocs: FacetDocs[] = []
  let cards = 0
  for (const segment of index.segments) {
    const count = keepLive(segment, plan, matchSegment(segment, plan))
    if (count === 0) continue
    cards += sort
      ? offerSorted(segment, count, { top, shared, sort, sign })
      : offerScored(segment, count, top, shared)
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

/** Drops from the matches what is dead or fails a test. */
function keepLive(segment: HeldSegment, { tests }: Plan, count: number): number {
  const { docs, scores } = scratch
  const { dead } = segment
  let live = count
  if (segment.deadCount > 0) {
    live = 0
    for (let n = 0; n < count; n++) {
      if (dead[docs[n]!] === 1) continue
      docs[live] = docs[n]!
      scores[live++] = scores[n]!
    }
  }
  return meetsTests(segment, tests, live)
}

const mostBoost = 5

/** Percent that a dataset gains by having a torrent, and by somebody seeding it: as `datasetCorpus` has it. */
function boostOf({ columns }: HeldSegment, doc: number): number {
  return (columns.torrents[doc]! > 0 ? 3 : 0) + (columns.seeders[doc]! > 0 ? 2 : 0)
}

/** Offers the matches by their scores, and says how many of them are cards of their own. */
function offerScored(segment: HeldSegment, count: number, top: Top, shared: Map<number, Member>): number {
  const { docs, scores } = scratch
  const { columns } = segment
  let own = 0
  for (let n = 0; n < count; n++) {
    const doc = docs[n]!
    const isShared = segment.shared[doc] === 1
    if (!isShared) {
      own++
      if (scores[n]! * (100 + mostBoost) < top.least) continue
    }
    const key = scores[n]! * (100 + boostOf(segment, doc))
    if (isShared) lead(shared, columns.group[doc]!, key, columns.id[doc]!)
    else top.offer(key, columns.id[doc]!, columns.group[doc]!)
  }
  return own
}

function offerSorted(
  segment: HeldSegment,
  count: number,
  { top, shared, sort, sign }: { top: Top; shared: Map<number, Member>; sort: MemorySort; sign: number },
): number {
  const { docs } = scratch
  const { columns } = segment
  const { unknown } = sort
  const values = columns[sort.column]
  let own = 0
  for (let n = 0; n < count; n++) {
    const doc = docs[n]!
    const value = values[doc]!
    const key = sign * (value < 0 && unknown !== undefined ? unknown : value)
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

function lead(shared: Map<number, Member>, card: number, key: number, id: number): void {
  const first = shared.get(card)
  if (!first || key > first.key || (key === first.key && id > first.id)) shared.set(card, { key, id })
}
