/**
 * Chooses which rows are read. Ranking every row that matches would take 20 to 500 ms at a million datasets, so rows are
 * found by the rarest of the terms, and never more than a few thousand:
 *
 * - If a term is rare, all rows that have it are read, so totals and facets are exact.
 * - If all terms are common, those rows are read in which one of the words has its highest impacts, with as many levels of
 *   impact as give enough rows by the statistics. Any other row has lower impacts in every word, so the best rows are
 *   among these. Totals and facets are then estimated from a sample.
 */
import { type SQL, sql } from 'drizzle-orm'
import { codesFrom } from '../../search-terms/codes.ts'
import { type Alias, anyCode } from '../../search-terms/row-terms.ts'
import type { TermStatistics } from '../../search-terms/term-statistics.ts'
import { storeBudgetMs } from '../../store/planner.ts'
import type { RequiredTerm } from '../plan/conditions.ts'
import { hasWord, type ParsedQuery, recordsOf, type Word } from '../plan/parsed-query.ts'
import { and, lookUp } from './compile.ts'

export interface Candidates {
  /** The conditions that the index looks up. */
  lookUp: (alias: Alias) => SQL
  /** The terms that are still to be checked in each row; absent if the whole query has to be. */
  open?: readonly RequiredTerm[]
  /** Whether every row that matches is among the candidates. */
  complete: boolean
  /** The most rows to read, in case the statistics are wrong. */
  limit: number
}

/** The most rows that are all read for one search. */
const affordable = 1_500
/** How many rows are read if there are more; `greatestDepth` if a filter then leaves too few. */
export const usualDepth = 600
export const greatestDepth = 12_000

interface Choosing {
  statistics: TermStatistics
  depth: number
}

/** Candidates that have all required terms and all words. */
export function candidatesForAll(
  words: readonly Word[],
  required: readonly RequiredTerm[],
  { statistics, depth }: Choosing,
): Candidates {
  const records = (term: RequiredTerm) => recordsOf(term, statistics)
  const sought = [...required, ...words.map(hasWord)].sort((a, b) => records(a) - records(b))
  const [rarest, second, third] = sought
  if (!rarest) return { lookUp: () => sql`true`, complete: false, limit: affordable }
  const share = (term: RequiredTerm | undefined) =>
    term ? Math.min(1, records(term) / Math.max(statistics.records, 1)) : 1
  // A term that half of all rows have is cheaper to check in each row than to look up.
  const narrow = sought.filter((term) => share(term) < 0.5 || term === rarest)
  const open = sought.filter((term) => !narrow.includes(term))
  if (records(rarest) <= affordable)
    return { lookUp: allOf(narrow), open, complete: true, limit: 4 * affordable }
  const both = records(rarest) * share(second) * share(third)
  if (both <= affordable / 2 || words.length === 0)
    return { lookUp: allOf(narrow), open, complete: both <= affordable / 2, limit: 2 * affordable }
  const bands = words.map((word) => {
    const others = sought
      .filter((term) => !isWord(term, word))
      .reduce((product, term) => product * share(term), 1)
    return topCodes(word, depth / Math.max(others, 1e-6) / words.length)
  })
  const topmost = bands.flat()
  // For a single word, a row with one of its highest impacts has the word, so that need not be checked.
  const isImplied = (term: RequiredTerm) => words.length === 1 && isWord(term, words[0]!)
  const rest = narrow.filter((term) => !isImplied(term))
  return {
    lookUp: (alias) => and([anyCode(alias, topmost), ...rest.map((term) => lookUp(term, alias))]),
    open: open.filter((term) => !isImplied(term)),
    complete: false,
    limit: 4 * depth,
  }
}

function isWord(term: RequiredTerm, { base }: Word): boolean {
  return term.kind === 'word' && term.base === base
}

/**
 * Candidates for phrases without any other words. Reading the text of every row that has all words of a phrase may take
 * seconds, so the candidates are the rows in which a word has its highest impacts, and the rows that are indexed with the
 * words side by side (in a title, a name, a keyword or an opening).
 */
export function candidatesForPhrase(
  { hints, required, pairs }: Pick<ParsedQuery, 'hints' | 'required' | 'pairs'>,
  choosing: Choosing,
): Candidates {
  const inPhrase = new Map(
    required.flatMap((term) => hints.filter((hint) => isWord(term, hint)).map((hint) => [hint.base, hint])),
  )
  const beside = required.filter((term) => term.kind !== 'word')
  const bounded = candidatesForAll([...inPhrase.values()], beside, choosing)
  if (bounded.complete || pairs.length === 0 || inPhrase.size === 0) return bounded
  const together = (alias: Alias) =>
    and([...pairs.map((pair) => anyCode(alias, [pair.base])), ...beside.map((term) => lookUp(term, alias))])
  return {
    lookUp: (alias) => sql`(${bounded.lookUp(alias)} OR ${together(alias)})`,
    complete: false,
    limit: 2 * bounded.limit,
  }
}

/**
 * Candidates that have all required terms, and words of at least `enough` weight together. Such a row has at least one of
 * the heaviest words, because the light ones alone do not weigh enough. If too many rows have one, the candidates are
 * the rows with all words and the rows in which one of the heaviest has its highest impacts.
 */
export function candidatesForMost(
  words: readonly Word[],
  required: readonly RequiredTerm[],
  choosing: Choosing & { enough: number },
): Candidates {
  const some = candidatesForSome(words, required, choosing)
  if (some.complete) return some
  const whole = candidatesForAll(words, required, choosing)
  return {
    lookUp: (alias) => sql`(${some.lookUp(alias)} OR ${whole.lookUp(alias)})`,
    complete: false,
    limit: some.limit + whole.limit,
  }
}

function candidatesForSome(
  words: readonly Word[],
  required: readonly RequiredTerm[],
  options: { enough: number; depth: number },
): Candidates {
  const heaviest = words.toSorted((a, b) => b.weight - a.weight)
  const total = heaviest.reduce((sum, word) => sum + word.weight, 0)
  let rest = total
  const pivots = heaviest.filter((word) => {
    const needed = rest >= options.enough
    rest -= word.weight
    return needed
  })
  const each = options.depth / Math.max(pivots.length, 1)
  const codes = pivots.flatMap((word) => (word.records <= 2 * each ? [word.base] : topCodes(word, each)))
  const complete = pivots.every((word) => word.records <= 2 * each)
  // Often each of these words weighs enough by itself; then no row needs to be checked, because each has one.
  const oneIsEnough = pivots.every((word) => word.weight >= options.enough)
  return {
    ...(oneIsEnough && { open: [] }),
    lookUp: anyCodeAndAll(codes, required),
    complete,
    limit: 4 * options.depth,
  }
}

/** The codes of a word's highest impacts, as many levels as at least `rows` rows have. */
function topCodes(word: Word, rows: number): number[] {
  const level = word.above?.findLastIndex((count) => count >= rows) ?? 0
  return level < 1 ? [word.base] : codesFrom(word.base, level)
}

function allOf(terms: readonly RequiredTerm[]): Candidates['lookUp'] {
  return (alias) => and(terms.map((term) => lookUp(term, alias)))
}

function anyCodeAndAll(codes: readonly number[], terms: readonly RequiredTerm[]): Candidates['lookUp'] {
  return (alias) => and([anyCode(alias, codes), ...terms.map((term) => lookUp(term, alias))])
}

/** How candidates are chosen. */
export interface CandidateChoice {
  forAll: typeof candidatesForAll
  forMost: typeof candidatesForMost
  forPhrase: typeof candidatesForPhrase
  /** The longest time of a statement, in milliseconds. */
  timeoutMs: number
}

export const boundedCandidates: CandidateChoice = {
  forAll: candidatesForAll,
  forMost: candidatesForMost,
  forPhrase: candidatesForPhrase,
  timeoutMs: storeBudgetMs,
}

/** Every row that matches, however many. The bounded choice is measured against this. */
export const unboundedCandidates: CandidateChoice = {
  forAll: (words, required) => ({
    lookUp: allOf([...required, ...words.map(hasWord)]),
    complete: true,
    limit: everything,
  }),
  forMost: (words, required) => ({
    lookUp: anyCodeAndAll(
      words.map((word) => word.base),
      required,
    ),
    complete: true,
    limit: everything,
  }),
  forPhrase: ({ required }) => ({ lookUp: allOf(required), complete: true, limit: everything }),
  timeoutMs: 600_000,
}

const everything = 1e12
