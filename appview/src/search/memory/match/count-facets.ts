import type { Facet } from '../../plan/engine.ts'
import type { LiveSegment, MemoryIndex } from '../memory-index.ts'
import { facetNames, facetPlace, valueNumber } from '../segments/segment.ts'

/** The datasets of a segment that match. */
export interface FacetDocs {
  readonly segment: LiveSegment
  readonly docs: Uint16Array
}

/** Of more matches than this, an evenly spread sample is counted; the store samples as many. */
const mostCounted = 1_000
/** The most values of one facet that an answer has, as in the store. */
const mostValues = 30

type Value = Facet['values'][number]

/** Returns for each facet the most common values among the matches, with the number of cards that have each. */
export function countFacets(
  index: MemoryIndex,
  fields: readonly string[],
  found: readonly FacetDocs[],
): Facet[] {
  if (fields.length === 0) return []
  const total = found.reduce((sum, { docs }) => sum + docs.length, 0)
  const step = Math.ceil(total / mostCounted) || 1
  const sampled = sample(found, step)
  const torrents = fields.includes('hasTorrent') ? countTorrents(sampled) : []
  const listed = countListed(index, fields, sampled)
  return fields.map((field) => ({
    field,
    values: commonest(field === 'hasTorrent' ? torrents : (listed.get(field) ?? []), step),
    ...(step > 1 && { estimated: true }),
  }))
}

/** Every `step`th of the matches. */
function sample(found: readonly FacetDocs[], step: number): readonly FacetDocs[] {
  if (step === 1) return found
  let next = 0
  return found.map(({ segment, docs }) => {
    const some = new Uint16Array(Math.max(0, Math.ceil((docs.length - next) / step)))
    for (let n = 0; n < some.length; n++) some[n] = docs[next + n * step]!
    next += some.length * step - docs.length
    return { segment, docs: some }
  })
}

function countTorrents(sampled: readonly FacetDocs[]): Value[] {
  const counts = { true: 0, false: 0 }
  const onCards = new Set<string>()
  for (const { segment, docs } of sampled) {
    const { columns, shared } = segment
    for (const doc of docs) {
      const value = columns.torrents[doc]! > 0 ? 'true' : 'false'
      if (shared[doc] === 0 || isNew(onCards, `${columns.group[doc]} ${value}`)) counts[value]++
    }
  }
  const counted = Object.entries(counts).map(([value, count]) => ({ value, count }))
  return counted.filter(({ count }) => count > 0)
}

/** Counts all other facets together, so that each dataset is visited once. */
function countListed(
  { values }: MemoryIndex,
  fields: readonly string[],
  sampled: readonly FacetDocs[],
): Map<string, Value[]> {
  const met = facetNames.map((facet) => (fields.includes(facet) ? ([] as number[]) : undefined))
  const counts = countsFor(values.length)
  const onCards = new Set<string>()
  for (const { segment, docs } of sampled) {
    const { starts, codes } = segment.facets
    for (const doc of docs) {
      const card = segment.shared[doc] === 1 ? segment.columns.group[doc]! : undefined
      for (let i = starts[doc]!; i < starts[doc + 1]!; i++) {
        const code = codes[i]!
        const metOfFacet = met[facetPlace(code)]
        if (!metOfFacet) continue
        if (card !== undefined && !isNew(onCards, `${card} ${code}`)) continue
        const n = valueNumber(code)
        if (counts[n]!++ === 0) metOfFacet.push(n)
      }
    }
  }
  const listed = new Map<string, Value[]>()
  for (const [facet, numbers = []] of met.entries()) {
    const least = leastOf(numbers, counts)
    const common = numbers.filter((n) => counts[n]! >= least)
    listed.set(
      facetNames[facet]!,
      common.map((n) => {
        const { value, label } = values[n]!
        return { value, ...(label !== undefined && { label }), count: counts[n]! }
      }),
    )
    for (const n of numbers) counts[n] = 0
  }
  return listed
}

function isNew(seen: Set<string>, what: string): boolean {
  if (seen.has(what)) return false
  seen.add(what)
  return true
}

let room = new Int32Array(0)

/** An array of zeros, at least one for each value. Whoever uses it sets it back to zeros. */
function countsFor(values: number): Int32Array {
  if (room.length < values) room = new Int32Array(2 * values)
  return room
}

/** The least count of a value in the answer. Most values occur once or twice, so this leaves few to sort. */
function leastOf(met: readonly number[], counts: Int32Array): number {
  if (met.length <= mostValues) return 1
  const ordered = Int32Array.from(met, (n) => counts[n]!).sort()
  return ordered[ordered.length - mostValues]!
}

function commonest(counted: readonly Value[], step: number): Value[] {
  return counted
    .toSorted((a, b) => b.count - a.count || (a.value < b.value ? -1 : 1))
    .slice(0, mostValues)
    .map((value) => ({ ...value, count: value.count * step }))
}
