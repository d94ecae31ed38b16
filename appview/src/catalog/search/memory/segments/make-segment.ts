import type { Db } from '../../../sql.ts'
import type { FacetName, FacetValue, Segment } from './segment.ts'
import { SegmentBuilder } from './segment-builder.ts'
import { readSegmentRows } from './segment-rows.ts'

/** The next datasets with higher ids, as many as fit; or those of these ids that are visible, no more than fit. */
export type SegmentScope = { readonly after: number } | { readonly ids: readonly number[] }

export interface MadeSegment {
  readonly segment: Segment
  /** Values that no segment before had, in the order of their numbers. */
  readonly newValues: readonly FacetValue[]
  /** Whether there may be more after the last one. */
  readonly isFull: boolean
}

export type MakeSegment = (scope: SegmentScope) => Promise<MadeSegment>

const batch = 1_000

/**
 * Makes segments of `capacity` datasets of what the store holds, one at a time, with one numbering of the values of
 * facets. Gives up when the signal fires.
 */
export function createSegmentMaker(
  db: Db,
  { capacity, signal }: { capacity: number; signal?: AbortSignal },
): MakeSegment {
  const numbers = new ValueNumbers()
  return async (scope) => {
    const builder = new SegmentBuilder()
    for await (const rows of 'ids' in scope ? byIds(db, scope.ids) : byOrder(db, scope.after, capacity)) {
      signal?.throwIfAborted()
      for (const row of rows) builder.add(row)
    }
    const isFull = builder.size === capacity
    const segment = builder.seal((facet, value) => numbers.of(facet, value))
    return { segment, newValues: numbers.takeNew(), isFull }
  }
}

/** The next batch is asked for while this one is taken apart. */
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
      // A failure is thrown where it is awaited.
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

class ValueNumbers {
  private readonly numbers = new Map<string, number>()
  private added: FacetValue[] = []

  of(facet: FacetName, value: string): number {
    const key = `${facet} ${value}`
    const known = this.numbers.get(key)
    if (known !== undefined) return known
    this.numbers.set(key, this.numbers.size)
    this.added.push({ facet, value })
    return this.numbers.size - 1
  }

  takeNew(): FacetValue[] {
    const taken = this.added
    this.added = []
    return taken
  }
}
