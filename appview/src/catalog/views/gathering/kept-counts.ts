import type { defs } from '@holdfast/lexicons'
import { LatestMap } from '@holdfast/runtime/latest-map'
import type { Db } from '../../../store/sql.ts'
import { countParts } from './part-views.ts'

/** Counts parts by state, for a dataset and one division of it, or for all datasets. */
export type PartCounting = (of: {
  dataset?: string | undefined
  by?: string | undefined
}) => Promise<defs.PartCounts>

/** Counts may be this old: hundreds may take parts in a second, and a dataset may have a hundred thousand. */
const keptMs = 2_000
const mostKept = 1_000

/** Counts parts, and answers the same question from what was counted a moment ago. */
export function createPartCounting(db: Db, now: () => number = () => performance.now()): PartCounting {
  const kept = new LatestMap<string, { at: number; counts: Promise<defs.PartCounts> }>(mostKept)
  return ({ dataset, by }) => {
    const key = JSON.stringify([dataset, by])
    const known = kept.get(key)
    if (known && now() - known.at < keptMs) return known.counts
    const counts = countParts(db, { dataset, by })
    kept.set(key, { at: now(), counts })
    counts.catch(() => kept.delete(key))
    return counts
  }
}
