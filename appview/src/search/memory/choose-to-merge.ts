import type { LiveSegment } from './memory-index.ts'

/** Segments are of one size where they differ by less than this factor; so many of them are made one. */
const tierFactor = 8

/** Segments that are better one, and fit into one of `capacity` datasets; none where all is well. */
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
