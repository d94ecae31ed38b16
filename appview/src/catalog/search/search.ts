/**
 * How a search runs, for datasets and torrents alike. Text matches in one of two ways: records that have all the words
 * come first; only where hardly any has, those that have most of them by weight (the rarer, the heavier). A word that
 * nobody uses is then corrected, and the answer says so. See `candidates.ts` for what bounds the work.
 */
import { type SQL, sql } from 'drizzle-orm'
import type { Db } from '../sql.ts'
import {
  and,
  type Candidates,
  candidatesForAll,
  candidatesForMost,
  greatestDepth,
  usualDepth,
} from './candidates.ts'
import type { Corpus, Sort } from './corpus.ts'
import { estimate } from './estimate.ts'
import { type Asked, askFor, basesOf, type Need, wordNeed } from './needs.ts'
import { type PageRow, readPage, walkPage } from './page.ts'
import { type Clause, respell } from './query.ts'
import { type Alias, anyCode, hasCode, hasTerm, int, termScore } from './row-terms.ts'
import { readPosition, type SearchPosition, writePosition } from './search-cursor.ts'
import type { Facet } from './search-results.ts'
import { correctWord, findUnknown } from './spelling.ts'
import { allTerm, readTermStatistics, type TermStatistics } from './statistics.ts'

export interface SearchRequest {
  clauses: readonly Clause[]
  /** Terms of filters, of which the statistics are wanted, and what they ask for. */
  filterTerms: readonly number[]
  filters: (statistics: TermStatistics) => { needs: Need[]; checks: ((alias: Alias) => SQL)[] }
  /** One of the corpus, or `relevance`. */
  sort: string
  facets: readonly string[]
  limit: number
  cursor?: string | undefined
  /** Whatever makes this listing another: its cursors are refused elsewhere. */
  identity: string
}

export interface SearchOutcome {
  rows: PageRow[]
  cursor?: string
  facets?: Facet[]
  hitsTotal: number
  hitsEstimated: boolean
  /** The clauses searched instead, where a spelling was corrected. */
  corrected?: readonly Clause[]
}

/** Fewer cards than this have all the words: then those with most of them are wanted too. */
const hardlyAny = 20
/** The share of the words' weight that a record must have where it need not have all. */
export const mostOfWeight = 0.2
/** What two neighbouring words count for when they stand side by side in a title, a name or a keyword. */
export const pairImpact = 6

/** Runs in a read-only transaction, so that a page and its counts are of one moment. */
export async function search(tx: Db, corpus: Corpus, request: SearchRequest): Promise<SearchOutcome> {
  const sort = chooseSort(corpus, request)
  const position =
    request.cursor === undefined ? undefined : readPosition(request.identity, request.cursor, sort.sort)
  const attempt = (clauses: readonly Clause[], mode: SearchPosition['mode']) =>
    runOnce(tx, corpus, { ...request, clauses }, { mode, position })
  const clauses = position?.matched ? respell(request.clauses, position.matched.split(' ')) : request.clauses
  if (position) return withSpelling(await attempt(clauses, position.mode), clauses, request)

  const exact = await attempt(clauses, 'all')
  if (exact.hitsTotal >= hardlyAny || exact.wordCount === 0) return exact
  const corrected = exact.hitsTotal === 0 ? await correct(tx, corpus, clauses) : undefined
  const respelt = corrected && (await attempt(corrected, 'all'))
  // With several words a guess must fit all the others; else what the others find is likelier to be meant.
  if (corrected && respelt && respelt.hitsTotal > 0) {
    const enough = respelt.hitsTotal >= hardlyAny || respelt.wordCount < 2
    return withSpelling(enough ? respelt : await attempt(corrected, 'most'), corrected, request)
  }
  const most = exact.wordCount < 2 ? exact : await attempt(clauses, 'most')
  if (!corrected || most.hitsTotal > 0) return most
  return withSpelling(await attempt(corrected, 'most'), corrected, request)
}

type Outcome = SearchOutcome & { wordCount: number; position?: SearchPosition }

function withSpelling(outcome: Outcome, clauses: readonly Clause[], request: SearchRequest): SearchOutcome {
  if (clauses === request.clauses) return outcome
  const matched = clauses.map((clause) => clause.words.join('+')).join(' ')
  const { position, ...rest } = outcome
  return {
    ...rest,
    corrected: clauses,
    ...(position && { cursor: writePosition(request.identity, { ...position, matched }) }),
  }
}

function chooseSort(corpus: Corpus, request: SearchRequest): { sort: Sort; name: string } {
  const ranked = request.clauses.some((clause) => !clause.excluded && clause.field === 'text')
  const name = request.sort === 'relevance' && !ranked ? 'newest' : request.sort
  const sort = corpus.sorts[name]
  if (sort) return { name, sort }
  return { name: 'relevance', sort: { key: () => sql`0::bigint`, type: 'bigint', descending: true } }
}

interface Run {
  mode: SearchPosition['mode']
  position: SearchPosition | undefined
}

async function runOnce(
  tx: Db,
  corpus: Corpus,
  request: SearchRequest,
  { mode, position }: Run,
): Promise<Outcome> {
  const statistics = await readTermStatistics(tx, corpus.name, [
    ...basesOf(request.clauses),
    ...request.filterTerms,
  ])
  const asked = await prepare(tx, corpus, request, { mode, statistics, weights: position?.weights })
  const chosen = chooseSort(corpus, request)
  const sort =
    chosen.name === 'relevance'
      ? { ...chosen.sort, key: (alias: Alias) => scoreOf(corpus, asked, alias) }
      : chosen.sort
  const matches = (alias: Alias) => matchesOf(asked, mode, alias)
  const wanted = { matches, sort, after: position, limit: request.limit + 1 }
  const found = await readRows(tx, corpus, {
    ...wanted,
    facets: request.facets,
    asked,
    mode,
    statistics,
    ranked: chosen.name === 'relevance',
  })
  const counted = await count(tx, corpus, { found, asked, statistics, request, position, matches })
  const last = found.rows[request.limit - 1]
  const stop = found.rows.length > request.limit && last ? { key: last.key, id: last.id } : found.resume
  const next: SearchPosition | undefined = stop && {
    mode,
    matched: '',
    weights: weightsOf(asked),
    ...stop,
    cards: counted.hitsTotal,
    estimated: counted.hitsEstimated,
  }
  return {
    rows: found.rows.slice(0, request.limit),
    ...counted,
    wordCount: asked.words.length,
    ...(next && { position: next, cursor: writePosition(request.identity, next) }),
  }
}

/** What is asked for, filters included; in `most`, without words that no record has. */
async function prepare(
  tx: Db,
  corpus: Corpus,
  request: SearchRequest,
  options: {
    mode: SearchPosition['mode']
    statistics: TermStatistics
    weights: readonly number[] | undefined
  },
): Promise<Asked> {
  const asked = askFor(request.clauses, options.statistics, corpus.phraseStands)
  const filters = request.filters(options.statistics)
  asked.needs.push(...filters.needs)
  asked.checks.push(...filters.checks)
  if (asked.words.length === 0 && asked.needs.length === 0) {
    asked.needs.push({
      lookUp: (alias) => anyCode(alias, [allTerm]),
      holds: () => sql`true`,
      records: options.statistics.records,
    })
  }
  if (options.mode === 'most') {
    const unknown = new Set(
      await findUnknown(
        tx,
        corpus.name,
        asked.words.map((word) => word.stem),
      ),
    )
    if (unknown.size < asked.words.length) asked.words = asked.words.filter((word) => !unknown.has(word.stem))
  }
  const weighed = [...asked.words, ...asked.hints, ...asked.pairs]
  if (options.weights?.length === weighed.length)
    weighed.forEach((item, i) => (item.weight = options.weights![i]!))
  return asked
}

interface Found {
  rows: PageRow[]
  resume?: { key: string; id: number }
  /** Exact counts, where no row that matches was left out. */
  exact?: { cards: number; facets: Facet[] }
}

interface Wanted {
  matches: (alias: Alias) => SQL
  sort: Sort
  after: SearchPosition | undefined
  limit: number
  facets: readonly string[]
  asked: Asked
  mode: SearchPosition['mode']
  statistics: TermStatistics
  ranked: boolean
}

async function readRows(tx: Db, corpus: Corpus, wanted: Wanted): Promise<Found> {
  const usual = chooseCandidates(wanted, usualDepth)
  if (!usual.complete && !wanted.ranked && wanted.mode === 'all')
    return walkPage(tx, corpus, { ...wanted, candidates: usual })
  const page = await readPage(tx, corpus, {
    ...wanted,
    candidates: usual,
    facets: usual.complete ? wanted.facets : [],
  })
  const overflowed = page.matched >= usual.limit
  if (usual.complete && !overflowed)
    return { rows: page.rows, exact: { cards: page.cards, facets: page.facets } }
  if (usual.complete && !wanted.ranked) return walkPage(tx, corpus, { ...wanted, candidates: usual })
  if (page.rows.length >= wanted.limit) return { rows: page.rows }
  const deeper = chooseCandidates(wanted, greatestDepth)
  const deep = await readPage(tx, corpus, { ...wanted, candidates: deeper, facets: [] })
  return { rows: deep.rows }
}

function chooseCandidates({ asked, mode, statistics }: Wanted, depth: number): Candidates {
  return mode === 'all'
    ? candidatesForAll(asked.words, asked.needs, { all: statistics.records, depth })
    : candidatesForMost(asked.words, asked.needs, { enough: mostOfWeight, depth })
}

interface Counting {
  found: Found
  asked: Asked
  statistics: TermStatistics
  request: SearchRequest
  position: SearchPosition | undefined
  matches: (alias: Alias) => SQL
}

async function count(
  tx: Db,
  corpus: Corpus,
  counting: Counting,
): Promise<Pick<SearchOutcome, 'hitsTotal' | 'hitsEstimated' | 'facets'>> {
  const { found, asked, statistics, request, position, matches } = counting
  const withFacets = (facets: Facet[]) => (request.facets.length > 0 ? { facets } : {})
  if (found.exact)
    return { hitsTotal: found.exact.cards, hitsEstimated: false, ...withFacets(found.exact.facets) }
  if (position && request.facets.length === 0)
    return { hitsTotal: position.cards, hitsEstimated: position.estimated }
  const all = [...asked.needs, ...asked.words.map(wordNeed)].sort((a, b) => a.records - b.records)
  if (all.length === 1 && asked.checks.length === 0 && request.facets.length === 0) {
    return { hitsTotal: all[0]!.records, hitsEstimated: true }
  }
  const estimated = await estimate(tx, corpus, {
    matches,
    facets: request.facets,
    rarest: all[0],
    all: statistics.records,
  })
  return {
    hitsTotal: Math.max(estimated.cards, found.rows.length),
    hitsEstimated: true,
    ...withFacets(estimated.facets),
  }
}

function matchesOf(asked: Asked, mode: SearchPosition['mode'], alias: Alias): SQL {
  const fixed = [
    ...asked.needs.map((need) => need.holds(alias)),
    ...asked.checks.map((check) => check(alias)),
  ]
  if (mode === 'all' || asked.words.length < 2)
    return and([...asked.words.map((word) => hasTerm(alias, word.base)), ...fixed])
  const total = asked.words.reduce((sum, word) => sum + word.weight, 0)
  const held = asked.words.map((word) => sql`${hasTerm(alias, word.base)}::int * ${int(word.weight)}`)
  return and([sql`${sql.join(held, sql` + `)} >= ${int(Math.ceil(mostOfWeight * total))}`, ...fixed])
}

/** Whole numbers, so that a score is the same whenever it is computed. */
function scoreOf(corpus: Corpus, asked: Asked, alias: Alias): SQL {
  const terms = [
    ...[...asked.words, ...asked.hints].map((word) => termScore(alias, word.base, word.weight)),
    ...asked.pairs.map((pair) => sql`${hasCode(alias, pair.base)}::int * ${int(pair.weight * pairImpact)}`),
  ]
  return sql`((${sql.join(terms, sql` + `)}) * (100 + ${corpus.boost(alias)}))::bigint`
}

function weightsOf(asked: Asked): number[] {
  return [...asked.words, ...asked.hints, ...asked.pairs].map((item) => item.weight)
}

/** The clauses with each word that nobody uses replaced by the likeliest one; undefined if none could be. */
async function correct(
  tx: Db,
  corpus: Corpus,
  clauses: readonly Clause[],
): Promise<readonly Clause[] | undefined> {
  const words = clauses
    .filter((clause) => !clause.excluded && clause.field === 'text')
    .flatMap((clause) => clause.words)
  const replacements = new Map<string, string>()
  for (const word of await findUnknown(tx, corpus.name, words)) {
    const likelier = await correctWord(tx, corpus.name, word)
    if (likelier) replacements.set(word, likelier)
  }
  if (replacements.size === 0) return undefined
  return respell(
    clauses,
    clauses.map((clause) => clause.words.map((word) => replacements.get(word) ?? word).join('+')),
  )
}
