import type { Facet } from '../../search-results.ts'
import type { HeldSegment, MemoryIndex } from '../memory-index.ts'

/** Datasets of a segment that match. */
export interface FacetDocs {
  readonly segment: HeldSegment
  readonly docs: Uint16Array
}

/** Above this many matches some of them, evenly spread, speak for all: as many as the store samples. */
const mostCounted = 1_000
/** Values of one facet that are told at most; as the store has it. */
const mostValues = 30

/** For each facet the commonest values among the matches, with the number of cards that have them. */
export function countFacets(
  index: MemoryIndex,
  fields: readonly string[],
  found: readonly FacetDocs[],
): Facet[] {
  if (fields.length === 0) return []
  const total = found.reduce((sum, { docs }) => sum + docs.length, 0)
  const step = Math.ceil(total / mostCounted) || 1
  const counted = countValues(index, found, step)
  return fields.map((field) => ({
    field,
    values: commonest(field === 'hasTorrent' ? counted.torrents : (counted.values.get(field) ?? []), step),
    ...(step > 1 && { estimated: true }),
  }))
}

interface Counted {
  value: string
  count: number
}

/** Counts every facet at once: a dataset is looked at once. */
function countValues(index: MemoryIndex, found: readonly FacetDocs[], step: number) {
  const counts = countsFor(index.values.length)
  const met: number[] = []
  const onCards = new Set<string>()
  const withTorrent = { true: 0, false: 0 }
  let next = 0
  for (const { segment, docs } of found) {
    const { starts, values } = segment.facets
    for (; next < docs.length; next += step) {
      const doc = docs[next]!
      const card = segment.shared[doc] === 1 ? segment.columns.group[doc]! : undefined
      const hasTorrent = segment.columns.torrents[doc]! > 0 ? 'true' : 'false'
      if (card === undefined || isNew(onCards, `${card} ${hasTorrent}`)) withTorrent[hasTorrent]++
      for (let i = starts[doc]!; i < starts[doc + 1]!; i++) {
        const value = values[i]!
        if (card !== undefined && !isNew(onCards, `${card} ${value}`)) continue
        if (counts[value]!++ === 0) met.push(value)
      }
    }
    next -= docs.length
  }
  const torrents = Object.entries(withTorrent).map(([value, count]) => ({ value, count }))
  const byFacet = Map.groupBy(met, (value): string => index.values[value]!.facet)
  const values = new Map(
    [...byFacet].map(([facet, numbers]) => {
      const least = leastOf(numbers, counts)
      const common = numbers.filter((value) => counts[value]! >= least)
      return [facet, common.map((value) => ({ value: index.values[value]!.value, count: counts[value]! }))]
    }),
  )
  for (const value of met) counts[value] = 0
  return { torrents: torrents.filter(({ count }) => count > 0), values }
}

function isNew(seen: Set<string>, what: string): boolean {
  if (seen.has(what)) return false
  seen.add(what)
  return true
}

let room = new Int32Array(0)

/** Zeros, one for each value and more; whoever counts leaves them so. */
function countsFor(values: number): Int32Array {
  if (room.length < values) room = new Int32Array(2 * values)
  return room
}

/** What a value must reach to be among those that are told: nearly all are met once or twice. */
function leastOf(met: readonly number[], counts: Int32Array): number {
  if (met.length <= mostValues) return 1
  const ordered = Int32Array.from(met, (value) => counts[value]!).sort()
  return ordered[ordered.length - mostValues]!
}

function commonest(counted: readonly Counted[], step: number): Facet['values'] {
  return counted
    .toSorted((a, b) => b.count - a.count || (a.value < b.value ? -1 : 1))
    .slice(0, mostValues)
    .map(({ value, count }) => ({ value, count: count * step }))
}
