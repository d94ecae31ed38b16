import { keywordLabels } from '../../../search-terms/keyword-labels.ts'
import type { Db } from '../../../store/sql.ts'
import { type FacetName, type FacetValue, facetCode, facetNames, type Segment } from './segment.ts'
import { SegmentBuilder } from './segment-builder.ts'
import { readSegmentRows } from './segment-rows.ts'

/** Which datasets: as many as fit of those with higher ids than `after`; or the visible ones of `ids`, which must fit. */
export type SegmentScope = { readonly after: number } | { readonly ids: readonly number[] }

export interface MadeSegment {
  readonly segment: Segment
  /** The values that no earlier segment has, in the order of their numbers. */
  readonly newValues: readonly FacetValue[]
  /** Whether there may be datasets with higher ids than the last one. */
  readonly isFull: boolean
}

export type MakeSegment = (scope: SegmentScope) => Promise<MadeSegment>

const batch = 1_000

/**
 * Makes segments of up to `capacity` datasets from the store, one at a time. A facet's value has the same number in all
 * of them. Rejects when the signal fires.
 */
export function createSegmentMaker(
  db: Db,
  { capacity, signal }: { capacity: number; signal?: AbortSignal },
): MakeSegment {
  const codes = new FacetCodes()
  return async (scope) => {
    const builder = new SegmentBuilder()
    for await (const rows of 'ids' in scope ? byIds(db, scope.ids) : byOrder(db, scope.after, capacity)) {
      signal?.throwIfAborted()
      for (const row of rows) builder.add(row)
    }
    const isFull = builder.size === capacity
    const segment = builder.seal((facet, value) => codes.of(facet, value))
    return { segment, newValues: await labeled(db, codes.takeNew()), isFull }
  }
}

/** Reads the next batch while the caller works on the current one. */
async function* byOrder(db: Db, after: number, capacity: number) {
  const read = (last: number, left: number) =>
    readSegmentRows(db, { after: last, limit: Math.min(batch, left) })
  let left = capacity
  let next = read(after, left)
  for (;;) {
    const rows = await next
    left -= rows.length
    const isLast = rows.length < batch || left === 0
    if (!isLast) {
      next = read(rows.at(-1)!.id, left)
      // A failure is thrown when the batch is awaited.
      next.catch(() => {})
    }
    yield rows
    if (isLast) return
  }
}

async function* byIds(db: Db, ids: readonly number[]) {
  const ordered = ids.toSorted((a, b) => a - b)
  for (let from = 0; from < ordered.length; from += batch)
    yield readSegmentRows(db, { ids: ordered.slice(from, from + batch) })
}

class FacetCodes {
  readonly #codes = new Map<string, number>()
  #added: FacetValue[] = []

  of(facet: FacetName, value: string): number {
    const key = `${facet} ${value}`
    const known = this.#codes.get(key)
    if (known !== undefined) return known
    const code = facetCode(this.#codes.size, facetNames.indexOf(facet))
    this.#codes.set(key, code)
    this.#added.push({ facet, value })
    return code
  }

  takeNew(): FacetValue[] {
    const taken = this.#added
    this.#added = []
    return taken
  }
}

/** Adds the labels of keywords, which never change once written. */
async function labeled(db: Db, values: readonly FacetValue[]): Promise<FacetValue[]> {
  const all: FacetValue[] = []
  for (let from = 0; from < values.length; from += batch) {
    const some = values.slice(from, from + batch)
    const keywords = some.filter(({ facet }) => facet === 'keyword').map(({ value }) => value)
    const labelOf = await keywordLabels(db, keywords)
    for (const one of some) {
      const label = one.facet === 'keyword' ? labelOf(one.value) : undefined
      all.push(label === undefined ? one : { ...one, label })
    }
  }
  return all
}
