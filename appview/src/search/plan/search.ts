/**
 * How a search runs, for datasets and torrents alike. By relevance, records match that have most of the words by weight (a
 * rare word weighs more), so that the total counts what was meant; if there are few, records with some of the words follow.
 * In any other order loose matches would stand between good ones, so all words are required, and fewer only if no record
 * has all. A word that no record has is corrected if the correction fits the other words; a phrase that no record has is
 * split into its words. The answer says what was searched instead. `candidates.ts` bounds the work.
 */
import { baseOf } from '../../search-terms/codes.ts'
import { stemOf } from '../../search-terms/stems.ts'
import type { TermStatistics } from '../../search-terms/term-statistics.ts'
import { apart, type Clause, respell } from '../query/query.ts'
import { synonymsOf } from '../query/synonyms.ts'
import type { Engine, Facet, PageRow } from './engine.ts'
import { type MatchMode, weightsOf } from './matching.ts'
import { hasWord, type ParsedQuery, weigh, wordOf } from './parsed-query.ts'
import { basesOfRequest, type SearchPosition, type SearchRequest } from './request.ts'

export interface SearchOutcome {
  rows: PageRow[]
  /** Where the next page begins; absent at the end of the listing. */
  next?: SearchPosition
  facets?: Facet[]
  hitsTotal: number
  hitsEstimated: boolean
  /** The clauses that were searched instead of those typed. */
  corrected?: readonly Clause[]
}

/** If fewer cards than this have most of the words, records with some of the words are searched for, too. */
const hardlyAny = 50
/** The most words that are corrected in one query; each costs a search in the vocabulary and one in the records. */
const mostCorrections = 3

export async function search<Request extends SearchRequest>(
  engine: Engine<Request>,
  request: Request,
): Promise<SearchOutcome> {
  const asking: Asking<Request> = { engine, request }
  const { after } = request
  if (after) return withSpelling(await askIn(after.mode, await read(asking, after.spelling)), asking)

  const typed = await read(asking, '')
  const guesses = await correct(engine, typed)
  const corrected = guesses.size > 0 ? await fitting(asking, typed, guesses) : undefined
  if (corrected) return withSpelling(await look(corrected), asking)
  const found = await look(typed)
  if (found.hitsTotal > 0) return found
  for (const spelling of [respelling(typed.clauses, guesses), takenApart(typed.clauses)]) {
    if (spelling === '') continue
    const otherwise = await look(await read(asking, spelling))
    if (otherwise.hitsTotal > 0) return withSpelling(otherwise, asking)
  }
  return found
}

interface Asking<Request extends SearchRequest> {
  engine: Engine<Request>
  request: Request
}

/** The query in one spelling: as typed, or corrected. */
interface Reading<Request extends SearchRequest> {
  asking: Asking<Request>
  /** For `respell`; empty for the query as typed. */
  spelling: string
  clauses: readonly Clause[]
  statistics: TermStatistics
  /** Words that no record has. */
  unknown: readonly string[]
}

type Outcome = SearchOutcome & { wordCount: number; spelling: string }

async function read<Request extends SearchRequest>(
  asking: Asking<Request>,
  spelling: string,
): Promise<Reading<Request>> {
  const { engine, request } = asking
  const clauses = spelling === '' ? request.clauses : respell(request.clauses, spelling.split(' '))
  const statistics = await engine.statistics(basesOfRequest({ clauses, required: request.required }))
  const unknown = await engine.unknownOf(wordsIn(clauses), statistics)
  return { asking, spelling, clauses, statistics, unknown }
}

function wordsIn(clauses: readonly Clause[]): string[] {
  const typed = clauses.filter((clause) => !clause.excluded && clause.field === 'text')
  return [...new Set(typed.flatMap((clause) => clause.words))]
}

/** Searches in one mode after the other, each less strict, until enough is found. */
async function look<Request extends SearchRequest>(reading: Reading<Request>): Promise<Outcome> {
  const isRanked = reading.asking.request.sort.by === 'relevance'
  const modes: readonly MatchMode[] = isRanked ? ['most', 'some'] : ['all', 'most', 'some']
  let found: Outcome
  for (const mode of modes) {
    found = await askIn(mode, reading)
    if (found.hitsTotal >= (isRanked ? hardlyAny : 1) || found.wordCount < 2) break
  }
  return found!
}

/** The spelling with those guesses that fit: a record has the guessed word and most of the other words. */
async function fitting<Request extends SearchRequest>(
  asking: Asking<Request>,
  typed: Reading<Request>,
  guesses: ReadonlyMap<string, string>,
): Promise<Reading<Request> | undefined> {
  const guessed = await read(asking, respelling(typed.clauses, guesses))
  const fits = new Map<string, string>()
  for (const [word, guess] of guesses) {
    const { hitsTotal } = await askIn('most', guessed, guess)
    if (hitsTotal > 0) fits.set(word, guess)
  }
  if (fits.size === guesses.size) return guessed
  return fits.size === 0 ? undefined : read(asking, respelling(typed.clauses, fits))
}

function withSpelling(
  outcome: Outcome,
  { request }: { request: Pick<SearchRequest, 'clauses'> },
): SearchOutcome {
  const { spelling, next } = outcome
  if (spelling === '') return outcome
  return {
    ...outcome,
    corrected: respell(request.clauses, spelling.split(' ')),
    ...(next && { next: { ...next, spelling } }),
  }
}

/** @param needed a word that every match must have */
async function askIn<Request extends SearchRequest>(
  mode: MatchMode,
  reading: Reading<Request>,
  needed?: string,
): Promise<Outcome> {
  const { asking, statistics, spelling } = reading
  const { engine, request } = asking
  const query = prepare(reading, mode)
  if (needed !== undefined) query.required.push(hasWord(wordOf(stemOf(needed), statistics)))
  const page = { request, query, mode, limit: request.limit + 1, statistics }
  const { rows, resume, ...counted } = await engine.answer(page)
  const last = rows[request.limit - 1]
  const stop = rows.length > request.limit && last ? { key: last.key, id: last.id } : resume
  const next: SearchPosition | undefined = stop && {
    mode,
    spelling: '',
    weights: weightsOf(query),
    ...stop,
    cards: counted.hitsTotal,
    estimated: counted.hitsEstimated,
  }
  return {
    rows: rows.slice(0, request.limit),
    ...counted,
    spelling,
    wordCount: query.words.length + query.inPhrases.words,
    ...(next && { next }),
  }
}

/** Makes the query. Unless all words are required, it leaves out those that no record has. */
function prepare<Request extends SearchRequest>(
  { asking, clauses, statistics, unknown }: Reading<Request>,
  mode: MatchMode,
): ParsedQuery {
  const { after, required } = asking.request
  const query = weigh(clauses, statistics)
  query.required.push(...required)
  if (query.words.length === 0 && query.required.length === 0) query.required.push({ kind: 'every-row' })
  if (mode !== 'all' && unknown.length > 0) {
    const unused = new Set(unknown.map(stemOf))
    const used = query.words.filter((word) => !unused.has(word.stem))
    if (used.length > 0) query.words = used
  }
  const weighed = [...query.words, ...query.hints, ...query.pairs]
  if (after?.weights.length === weighed.length) {
    for (const [i, item] of weighed.entries()) item.weight = after.weights[i]!
  }
  return query
}

/** Guesses what words were meant that no record has: a word with a letter or two different, or a synonym. */
async function correct(
  engine: Pick<Engine, 'correct'>,
  { unknown, statistics }: { unknown: readonly string[]; statistics: TermStatistics },
): Promise<ReadonlyMap<string, string>> {
  const guesses = new Map<string, string>()
  for (const word of unknown.slice(0, mostCorrections)) {
    const likelier = (await engine.correct(word)) ?? otherWordFor(word, statistics)
    if (likelier !== undefined) guesses.set(word, likelier)
  }
  return guesses
}

function otherWordFor(word: string, statistics: TermStatistics): string | undefined {
  const recordsOf = (other: string) => {
    const base = baseOf(stemOf(other))
    return statistics.has(base) ? statistics.of(base).records : 0
  }
  const [commonest] = synonymsOf(stemOf(word)).toSorted((a, b) => recordsOf(b) - recordsOf(a))
  return commonest !== undefined && recordsOf(commonest) > 0 ? commonest : undefined
}

/** The spelling in which words are replaced by guesses; empty if there are no guesses. */
function respelling(clauses: readonly Clause[], guesses: ReadonlyMap<string, string>): string {
  if (guesses.size === 0) return ''
  return clauses
    .map(({ words }) =>
      words.some((word) => guesses.has(word)) ? words.map((word) => guesses.get(word) ?? word).join('+') : '',
    )
    .join(' ')
}

/** The spelling in which phrases are split into their words; empty if there is no phrase. */
function takenApart(clauses: readonly Clause[]): string {
  const isPhrase = ({ phrase, excluded, field }: Clause) => phrase && !excluded && field === 'text'
  return clauses.some(isPhrase) ? clauses.map((clause) => (isPhrase(clause) ? apart : '')).join(' ') : ''
}
