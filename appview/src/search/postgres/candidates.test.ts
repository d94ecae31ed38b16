import { expect, test } from 'vitest'
import { statementOf } from '../../store/sql.ts'
import { weigh } from '../plan/parsed-query.ts'
import { parseQuery } from '../query/query.ts'
import { candidatesForPhrase, usualDepth } from './candidates.ts'

const all = 1_000_000

/** A phrase whose words are in this many of a million records, and in fewer with each higher impact. */
function candidatesOf(records: number) {
  const above = Array.from({ length: 16 }, (_, i) => Math.round(records / 2 ** i))
  const statistics = { records: all, has: () => true, of: () => ({ records, above }) }
  const { clauses } = parseQuery('"sea ice"')
  return candidatesForPhrase(weigh(clauses, statistics), { statistics, depth: usualDepth })
}

test('a phrase of rare words is checked in every record that has them', () => {
  expect(candidatesOf(1_000).complete).toBe(true)
})

test('a phrase of common words is checked in the likeliest records only', () => {
  const { complete, lookUp, limit } = candidatesOf(300_000)
  expect(complete).toBe(false)
  expect(limit).toBeLessThanOrEqual(10_000)
  const { text } = statementOf(lookUp('d'))
  expect(text).toMatch(/ OR /)
})
