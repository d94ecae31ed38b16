import type { RowTest } from '../../ranking/needs.ts'
import { lookUp, type Postings, type Segment } from '../segments/segment.ts'
import { scratch } from './scratch.ts'

/** Keeps the matches in `scratch` that meet all of these, and says how many they are. */
export function meetsTests(segment: Segment, tests: readonly RowTest[], count: number): number {
  let left = count
  for (const test of tests) {
    if (left === 0) return 0
    left = test.kind === 'range' ? keepInRange(segment, test, left) : keepWithout(segment, test, left)
  }
  return left
}

function keepInRange(
  { columns }: Segment,
  { column, min, max }: Extract<RowTest, { kind: 'range' }>,
  count: number,
): number {
  const { docs, scores } = scratch
  const values = columns[column]
  let kept = 0
  for (let n = 0; n < count; n++) {
    const value = values[docs[n]!]!
    if (value < min || value > max) continue
    docs[kept] = docs[n]!
    scores[kept++] = scores[n]!
  }
  return kept
}

function keepWithout(
  segment: Segment,
  { words, terms, together }: Extract<RowTest, { kind: 'without' }>,
  count: number,
): number {
  const { docs, scores, listed } = scratch
  const asked = words.length + terms.length
  if (asked === 0) return count
  for (const base of words) mark(segment.words, base)
  for (const base of terms) mark(segment.terms, base)
  const tooMany = together ? asked : 1
  let kept = 0
  for (let n = 0; n < count; n++) {
    if (listed[docs[n]!]! >= tooMany) continue
    docs[kept] = docs[n]!
    scores[kept++] = scores[n]!
  }
  listed.fill(0, 0, segment.size)
  return kept
}

function mark(postings: Postings, base: number): void {
  const { from, to } = lookUp(postings, base)
  for (let i = from; i < to; i++) scratch.listed[postings.docs[i]!]!++
}
