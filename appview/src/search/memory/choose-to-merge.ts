import type { LiveSegment } from './memory-index.ts'

/** Segments whose sizes differ by less than this factor form a tier; this many of a tier are merged into one. */
const tierFactor = 8

/** Chooses segments to merge into one of at most `capacity` datasets; returns none when nothing needs merging. */
export function chooseToMerge<S extends Pick<LiveSegment, 'size' | 'deletedCount'>>(
  segments: readonly S[],
  capacity: number,
): S[] {
  const halfDeleted = segments.find(({ size, deletedCount }) => deletedCount > size / 2)
  if (halfDeleted) return [halfDeleted]
  const live = (segment: S) => segment.size - segment.deletedCount
  const tiers = Map.groupBy(
    segments.filter((segment) => live(segment) <= capacity / 2),
    (segment) => Math.floor(Math.log(live(segment)) / Math.log(tierFactor)),
  )
  for (const tier of tiers.values()) {
    const fitting: S[] = []
    let total = 0
    for (const segment of tier) {
      if (fitting.length === tierFactor || total + live(segment) > capacity) return fitting
      fitting.push(segment)
      total += live(segment)
    }
  }
  return []
}
