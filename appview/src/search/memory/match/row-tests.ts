import { type Columns, lookUp, type Postings, type Segment } from '../segments/segment.ts'
import { scratch } from './scratch.ts'
import type { SupportedRequest } from './supports.ts'

/** A filter as a test of the columns or postings of a segment. */
export type RowTest =
  /** The value is within these bounds, both included. */
  | { kind: 'range'; column: ComparedColumn; min: number; max: number }
  /** The dataset has none of these words and terms (`any`), or not all of them (`all`). */
  | { kind: 'without'; words: readonly number[]; terms: readonly number[]; share: 'all' | 'any' }

type ComparedColumn = Exclude<keyof Columns, 'id' | 'group'>

const dayMs = 86_400_000

export function rowTestOf(filter: SupportedRequest['filters'][number]): RowTest {
  switch (filter.kind) {
    case 'excluded-word':
      return { kind: 'without', words: [filter.base], terms: [], share: 'all' }
    case 'excluded-terms':
      return { kind: 'without', words: [], terms: filter.bases, share: filter.share }
    case 'range': {
      const { column, min = 0, max = Infinity } = filter
      // In these columns -1 stands for "unknown", which meets no range.
      return { kind: 'range', column, min: Math.max(min, 0), max }
    }
    case 'at-least-one': {
      const { column, is } = filter
      return is
        ? { kind: 'range', column, min: 1, max: Infinity }
        : { kind: 'range', column, min: -Infinity, max: 0 }
    }
    case 'created':
      return {
        kind: 'range',
        column: 'created',
        min: filter.from === undefined ? -Infinity : microseconds(filter.from),
        max: filter.before === undefined ? Infinity : microseconds(filter.before) - 1,
      }
    case 'gone-before':
      return {
        kind: 'range',
        column: 'deadline',
        min: -Infinity,
        max: Math.floor(Date.parse(filter.before) / dayMs) - 1,
      }
  }
}

function microseconds(instant: string): number {
  return Date.parse(instant) * 1_000
}

/** Keeps the matches in `scratch` that pass all tests, and returns their number. */
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
  { words, terms, share }: Extract<RowTest, { kind: 'without' }>,
  count: number,
): number {
  const { docs, scores, listed } = scratch
  const all = words.length + terms.length
  if (all === 0) return count
  for (const base of words) mark(segment.words, base)
  for (const base of terms) mark(segment.terms, base)
  const tooMany = share === 'all' ? all : 1
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
