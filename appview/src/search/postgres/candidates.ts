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
import { codesFrom } from '../../search-terms/codes.ts'
import { type Alias, anyCode } from '../../search-terms/row-terms.ts'
import type { TermStatistics } from '../../search-terms/term-statistics.ts'
import { storeBudgetMs } from '../../store/planner.ts'
import type { RequiredTerm } from '../plan/conditions.ts'
import { hasWord, type ParsedQuery, recordsOf, type Word } from '../plan/parsed-query.ts'
import { and, lookUp } from './compile.ts'

export interface Candidates {
  /** Conditions for the index, which answers them exactly. */
  lookUp: (alias: Alias) => SQL
  /** What else was asked for, to be checked in each row; absent where that is not simply each of these. */
  open?: readonly RequiredTerm[]
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

/** What is known of the corpus, and how many rows to look at. */
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
  // What half of all rows have is cheaper to check in each row.
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
  // Having one of a single word's upper codes is having the word.
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
 * Candidates for phrases without a word beside them. Reading the text of every row that has all their words, however
 * common, takes seconds: looked at are those in which a word has its highest impacts, and those that are indexed with
 * the words side by side (in a title, a name, a keyword or an opening).
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
 * Candidates that have all required terms and words of at least `enough` weight together. Such a row must have one of the
 * heaviest words that the others cannot make up for. Where there are too many, those with all the words are looked at
 * beside those in which one of them has its highest impacts.
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
  // Mostly any one of them is enough by itself, and every row that is looked up has one.
  const oneIsEnough = pivots.every((word) => word.weight >= options.enough)
  return {
    ...(oneIsEnough && { open: [] }),
    lookUp: anyCodeAndAll(codes, required),
    complete,
    limit: 4 * options.depth,
  }
}

/** The highest impacts of a word that at least so many rows reach. */
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
  /** When a statement is given up, in milliseconds: no query may hold the store for longer. */
  timeoutMs: number
}

export const boundedCandidates: CandidateChoice = {
  forAll: candidatesForAll,
  forMost: candidatesForMost,
  forPhrase: candidatesForPhrase,
  timeoutMs: storeBudgetMs,
}

/** Every row that matches, however many: what the bounded choice is measured against. */
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
