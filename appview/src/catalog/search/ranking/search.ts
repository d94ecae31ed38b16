/**
 * How a search runs, for datasets and torrents alike. Text matches in one of two ways: records that have all the words
 * come first; only where hardly any has, those that have most of them by weight (the rarer, the heavier). A word that
 * nobody uses is then corrected, and the answer says so. See `candidates.ts` for what bounds the work.
 */
import { sql } from 'drizzle-orm'
import type { Corpus, Sort } from '../corpora/corpus.ts'
import { type Clause, respell } from '../query/query.ts'
import type { Facet } from '../search-results.ts'
import { type Alias, anyCode } from '../terms/row-terms.ts'
import { allTerm, type TermStatistics } from '../terms/statistics.ts'
import type { Engine, PageRow, Wanted } from './engine.ts'
import { type MatchMode, matchesOf, scoreOf, weightsOf } from './matching.ts'
import { type Asked, askFor, basesOf, type Check, type Need } from './needs.ts'
import { readPosition, type SearchPosition, writePosition } from './search-cursor.ts'

export interface SearchRequest {
  clauses: readonly Clause[]
  /** Terms of filters, of which the statistics are wanted, and what they ask for. */
  filterTerms: readonly number[]
  filters: (statistics: TermStatistics) => { needs: Need[]; checks: Check[] }
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
const hardlyAny = 50

export async function search(engine: Engine, corpus: Corpus, request: SearchRequest): Promise<SearchOutcome> {
  const sort = chooseSort(corpus, request)
  const position =
    request.cursor === undefined ? undefined : readPosition(request.identity, request.cursor, sort.sort)
  const clauses = position?.matched ? respell(request.clauses, position.matched.split(' ')) : request.clauses
  const readStatistics = (asked: readonly Clause[]) =>
    engine.statistics([...basesOf(asked), ...request.filterTerms])
  const statistics = await readStatistics(clauses)
  const attempt = async (asked: readonly Clause[], mode: MatchMode) => {
    const known = asked === clauses ? statistics : await readStatistics(asked)
    return runOnce(engine, corpus, { ...request, clauses: asked }, { mode, position, statistics: known })
  }
  if (position) return withSpelling(await attempt(clauses, position.mode), clauses, request)

  // In any other order than the best first, looser matches would stand among those that are wanted.
  const few = sort.name === 'relevance' ? hardlyAny : 1
  const exact = await attempt(clauses, 'all')
  if (exact.hitsTotal >= few || exact.wordCount === 0) return exact
  const corrected = exact.hitsTotal === 0 ? await correct(engine, clauses, statistics) : undefined
  const respelt = corrected && (await attempt(corrected, 'all'))
  // With several words a guess must fit all the others; else what the others find is likelier to be meant.
  if (corrected && respelt && respelt.hitsTotal > 0) {
    const enough = respelt.hitsTotal >= few || respelt.wordCount < 2
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
  mode: MatchMode
  position: SearchPosition | undefined
  statistics: TermStatistics
}

async function runOnce(
  engine: Engine,
  corpus: Corpus,
  request: SearchRequest,
  { mode, position, statistics }: Run,
): Promise<Outcome> {
  const asked = await prepare(engine, corpus, request, { mode, statistics, weights: position?.weights })
  const chosen = chooseSort(corpus, request)
  const sort =
    chosen.name === 'relevance'
      ? { ...chosen.sort, key: (alias: Alias) => scoreOf(corpus, asked, alias) }
      : chosen.sort
  const wanted: Wanted = {
    matches: (alias) => matchesOf(asked, mode, alias),
    sort,
    sortName: chosen.name,
    after: position,
    limit: request.limit + 1,
    facets: request.facets,
    asked,
    mode,
    statistics,
  }
  const { rows, resume, ...counted } = await engine.answer(wanted)
  const last = rows[request.limit - 1]
  const stop = rows.length > request.limit && last ? { key: last.key, id: last.id } : resume
  const next: SearchPosition | undefined = stop && {
    mode,
    matched: '',
    weights: weightsOf(asked),
    ...stop,
    cards: counted.hitsTotal,
    estimated: counted.hitsEstimated,
  }
  return {
    rows: rows.slice(0, request.limit),
    ...counted,
    wordCount: asked.words.length,
    ...(next && { position: next, cursor: writePosition(request.identity, next) }),
  }
}

/** What is asked for, filters included; in `most`, without words that no record has. */
async function prepare(
  engine: Engine,
  corpus: Corpus,
  request: SearchRequest,
  options: {
    mode: MatchMode
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
      terms: [allTerm],
    })
  }
  if (options.mode === 'most') {
    const unknown = new Set(
      await engine.unknownOf(
        asked.words.map((word) => word.stem),
        options.statistics,
      ),
    )
    if (unknown.size < asked.words.length) asked.words = asked.words.filter((word) => !unknown.has(word.stem))
  }
  const weighed = [...asked.words, ...asked.hints, ...asked.pairs]
  if (options.weights?.length === weighed.length) {
    for (const [i, item] of weighed.entries()) item.weight = options.weights[i]!
  }
  return asked
}

/** The clauses with each word that nobody uses replaced by the likeliest one; undefined if none could be. */
async function correct(
  engine: Engine,
  clauses: readonly Clause[],
  statistics: TermStatistics,
): Promise<readonly Clause[] | undefined> {
  const words = clauses
    .filter((clause) => !clause.excluded && clause.field === 'text')
    .flatMap((clause) => clause.words)
  const replacements = new Map<string, string>()
  for (const word of await engine.unknownOf(words, statistics)) {
    const likelier = await engine.correct(word)
    if (likelier) replacements.set(word, likelier)
  }
  if (replacements.size === 0) return undefined
  return respell(
    clauses,
    clauses.map((clause) => clause.words.map((word) => replacements.get(word) ?? word).join('+')),
  )
}
