import fc from 'fast-check'
import { expect, test } from 'vitest'
import { chooseToMerge } from './choose-to-merge.ts'
import { segmentSize } from './segments/segment.ts'

interface Sized {
  size: number
  deletedCount: number
}

/** Merges until nothing needs merging, and returns how many rows that read. */
function settle(segments: Sized[]): number {
  let read = 0
  for (
    let together = chooseToMerge(segments, segmentSize);
    together.length > 0;
    together = chooseToMerge(segments, segmentSize)
  ) {
    const size = together.reduce((sum, segment) => sum + segment.size - segment.deletedCount, 0)
    expect(size).toBeLessThanOrEqual(segmentSize)
    for (const segment of together) segments.splice(segments.indexOf(segment), 1)
    if (size > 0) segments.push({ size, deletedCount: 0 })
    read += size
  }
  return read
}

test('keeps segments few, however datasets come and go', () => {
  const segment = fc
    .integer({ min: 1, max: segmentSize })
    .chain((size) => fc.record({ size: fc.constant(size), deletedCount: fc.integer({ min: 0, max: size }) }))
  fc.assert(
    fc.property(fc.array(segment, { maxLength: 80 }), (segments) => {
      const live = segments.reduce((sum, { size, deletedCount }) => sum + size - deletedCount, 0)
      settle(segments)
      expect(segments.reduce((sum, { size, deletedCount }) => sum + size - deletedCount, 0)).toBe(live)
      // Large segments are more than half full, and of the others there are at most eight in each tier.
      expect(segments.length).toBeLessThanOrEqual((2 * live) / segmentSize + 8 * 6)
    }),
  )
})

test('reads each of 100,000 datasets, added ten at a time, again only a few times', () => {
  const segments: Sized[] = []
  let read = 0
  for (let come = 0; come < 100_000; come += 10) {
    segments.push({ size: 10, deletedCount: 0 })
    read += settle(segments)
  }
  expect(read).toBeLessThan(6 * 100_000)
})

test('replaces a segment when more than half of it is deleted', () => {
  const segments = [
    { size: 100, deletedCount: 51 },
    { size: 100, deletedCount: 50 },
  ]
  expect(chooseToMerge(segments, segmentSize)).toEqual([segments[0]])
})
