/**
 * Which rows are looked at. Ranking every row that matches would cost 20 to 500 ms at a million datasets, so rows are
 * fetched through the rarest thing asked for, and never more than a few thousand:
 *
 * - Something asked for is rare: all rows that have it, so totals and facets are exact.
 * - Everything is common: the rows in which one of the words has its highest impacts, as many of the levels as give
 *   enough rows by the statistics. A row outside has a lower impact in every word, so the best are among them; what
 *   is shared by all of these rows is estimated from a sample instead.
 */
import { type SQL, sql } from 'drizzle-orm'
import { codesFrom } from '../terms/codes.ts'
import { type Alias, anyCode } from '../terms/row-terms.ts'
import { type Need, type Word, wordNeed } from './needs.ts'

export interface Candidates {
  /** Conditions for the index, which answers them exactly. */
  lookUp: (alias: Alias) => SQL
  /** What else was asked for, to be checked in each row; absent where that is not simply each of these. */
  open?: readonly Need[]
  /** Whether no row that matches is left out. */
  complete: boolean
  /** Where to stop if the statistics were wrong. */
  limit: number
}

/** Rows that may be fetched for one search. */
const affordable = 1_500
/** Rows that are looked at when there are more, unless a filter then leaves too few. */
export const usualDepth = 600
export const greatestDepth = 12_000

/** Candidates that meet all needs and hold all words. */
export function candidatesForAll(
  words: readonly Word[],
  needs: readonly Need[],
  options: { all: number; depth: number },
): Candidates {
  const asked = [...needs, ...words.map(wordNeed)].sort((a, b) => a.records - b.records)
  const [rarest, second, third] = asked
  if (!rarest) return { lookUp: () => sql`true`, complete: false, limit: affordable }
  const share = (need: Need | undefined) => (need ? Math.min(1, need.records / Math.max(options.all, 1)) : 1)
  // What half of all rows meet is cheaper to check in each row.
  const narrow = asked.filter((need) => share(need) < 0.5 || need === rarest)
  const open = asked.filter((need) => !narrow.includes(need))
  if (rarest.records <= affordable)
    return { lookUp: all(narrow), open, complete: true, limit: 4 * affordable }
  const both = rarest.records * share(second) * share(third)
  if (both <= affordable / 2 || words.length === 0)
    return { lookUp: all(narrow), open, complete: both <= affordable / 2, limit: 2 * affordable }
  const bands = words.map((word) => {
    const others = asked
      .filter((need) => need.base !== word.base)
      .reduce((product, need) => product * share(need), 1)
    return topCodes(word, options.depth / Math.max(others, 1e-6) / words.length)
  })
  const topmost = bands.flat()
  // Having one of a single word's upper codes is having the word.
  const implied = words.length === 1 ? words[0]!.base : undefined
  const rest = narrow.filter((need) => need.base === undefined || need.base !== implied)
  return {
    lookUp: (alias) => and([anyCode(alias, topmost), ...rest.map((need) => need.lookUp(alias))]),
    open: open.filter((need) => need.base === undefined || need.base !== implied),
    complete: false,
    limit: 4 * options.depth,
  }
}

/**
 * Candidates that meet all needs and hold enough of the words: together at least `enough` of their whole weight. Such
 * a row must hold one of the heaviest words that the others cannot make up for.
 */
export function candidatesForMost(
  words: readonly Word[],
  needs: readonly Need[],
  options: { enough: number; depth: number },
): Candidates {
  const heaviest = words.toSorted((a, b) => b.weight - a.weight)
  const total = heaviest.reduce((sum, word) => sum + word.weight, 0)
  let rest = total
  const pivots = heaviest.filter((word) => {
    const needed = rest >= options.enough * total
    rest -= word.weight
    return needed
  })
  const each = options.depth / Math.max(pivots.length, 1)
  const codes = pivots.flatMap((word) => (word.records <= 2 * each ? [word.base] : topCodes(word, each)))
  const complete = pivots.every((word) => word.records <= 2 * each)
  // Mostly any one of them is enough by itself, and every row that is looked up has one.
  const oneIsEnough = pivots.every((word) => word.weight >= options.enough * total)
  return {
    ...(oneIsEnough && { open: [] }),
    lookUp: (alias) => and([anyCode(alias, codes), ...needs.map((need) => need.lookUp(alias))]),
    complete,
    limit: 4 * options.depth,
  }
}

/** The highest impacts of a word that at least so many rows reach. */
function topCodes(word: Word, rows: number): number[] {
  const level = word.above?.findLastIndex((count) => count >= rows) ?? 0
  return level < 1 ? [word.base] : codesFrom(word.base, level)
}

function all(needs: readonly Need[]): (alias: Alias) => SQL {
  return (alias) => and(needs.map((need) => need.lookUp(alias)))
}

export function and(conditions: readonly SQL[]): SQL {
  return conditions.length === 0 ? sql`true` : sql`(${sql.join([...conditions], sql` AND `)})`
}

/** How candidates are chosen. */
export interface CandidateChoice {
  forAll: typeof candidatesForAll
  forMost: typeof candidatesForMost
  /** When a statement is given up, in milliseconds: no query may hold the store for longer. */
  timeoutMs: number
}

export const boundedCandidates: CandidateChoice = {
  forAll: candidatesForAll,
  forMost: candidatesForMost,
  timeoutMs: 5_000,
}

/** Every row that matches, however many: what the bounded choice is measured against. */
export const unboundedCandidates: CandidateChoice = {
  forAll: (words, needs) => ({
    lookUp: all([...needs, ...words.map(wordNeed)]),
    complete: true,
    limit: everything,
  }),
  forMost: (words, needs) => {
    const codes = words.map((word) => word.base)
    return {
      lookUp: (alias) => and([anyCode(alias, codes), ...needs.map((need) => need.lookUp(alias))]),
      complete: true,
      limit: everything,
    }
  },
  timeoutMs: 600_000,
}

const everything = 1e12
