import { sql } from 'drizzle-orm'
import { shown, shownByCode } from '../catalog/shown.ts'
import { allTerm, baseOf, codesFrom } from '../search-terms/codes.ts'
import type { VocabularyKind } from '../search-terms/dataset-terms.ts'
import { fold } from '../search-terms/fold.ts'
import { anyCode, hasCode, int, termScore } from '../search-terms/row-terms.ts'
import { readTermStatistics } from '../search-terms/statistics.ts'
import { stemOf } from '../search-terms/stems.ts'
import type { TermStatistics } from '../search-terms/term-statistics.ts'
import { codesText } from '../search-terms/term-writes.ts'
import { wordsOf } from '../search-terms/words.ts'
import { beginSearch } from '../store/planner.ts'
import { readOnly } from '../store/read-only.ts'
import { anyIdOf, type Db, rows, storable } from '../store/sql.ts'
import { StoreUnavailableError } from '../store/store-unavailable.ts'
import { KeptBeginnings } from './kept-beginnings.ts'
import { readMemoryPage } from './memory/match/memory-page.ts'
import { segmentQueryOf } from './memory/match/segment-query.ts'
import {
  hasMatch,
  type IndexInStep,
  indexInStep,
  mostPostings,
  type SearchMemory,
} from './memory/search-memory.ts'
import { anyTerm, type ParsedQuery, recordsOf, wordOf } from './plan/parsed-query.ts'
import { byRelevance } from './plan/sorts.ts'
import { orderBy } from './postgres/compile.ts'
import { turnsByStore } from './postgres/store-turns.ts'
import { withinBudget } from './postgres/within-budget.ts'
import { SearchError } from './query/search-error.ts'

/** A `searchDatasetsTypeahead#suggestion`. */
export interface Suggestion {
  text: string
  kind: 'dataset' | 'keyword' | 'publisher' | 'person' | 'author'
  uri?: string
  did?: string
  count?: number
}

export interface Completions {
  suggestions: Suggestion[]
  /** Which of the two said which names and titles are visible. */
  answeredBy: 'memory' | 'store'
}

/**
 * Completes what somebody types: with names that begin with the text, accounts, and datasets whose titles have all the
 * words (the last word may be incomplete). Each completion leads to a visible dataset; the index in memory knows which
 * are visible if it has all changes of the store, otherwise the store is asked. `limit` is at most 20.
 */
export async function suggest(db: Db, q: string, limit = 8, memory?: SearchMemory): Promise<Completions> {
  const typed = fold(storable(q.slice(0, 200)))
    .replaceAll(/\s+/g, ' ')
    .trimStart()
  if (wordsOf(typed).length === 0) return { suggestions: [], answeredBy: 'store' }
  const most = Math.min(Math.max(limit, 1), mostCompletions)
  const completing = inTurn(db, () =>
    readOnly(db, (tx) => complete({ tx, kept: keptBy(db) }, typed, most, memory)),
  )
  return withinBudget(completing).catch((error: unknown) => {
    // Late completions are useless to somebody who goes on typing, and an error is not worth showing.
    if (error instanceof SearchError || error instanceof StoreUnavailableError)
      return { suggestions: [], answeredBy: 'store' }
    throw error
  })
}

const mostCompletions = 20

/** Completions take turns apart from searches, because each key that somebody presses asks for some. */
const inTurn = turnsByStore()

/** What completions are read from. */
interface Sources {
  tx: Db
  kept: Kept
  /** Undefined if only the store knows what is visible now. */
  memory?: IndexInStep | undefined
}

interface Kept {
  readonly names: KeptBeginnings<Entry>
  readonly words: KeptBeginnings<string>
}

const keptByStore = new WeakMap<object, Kept>()

function keptBy(db: Db): Kept {
  const kept = keptByStore.get(db) ?? { names: new KeptBeginnings(), words: new KeptBeginnings() }
  keptByStore.set(db, kept)
  return kept
}

async function complete(
  { tx, kept }: Sources,
  typed: string,
  most: number,
  memory: SearchMemory | undefined,
): Promise<Completions> {
  // Called before `beginSearch`: that changes how statements are planned, and a prepared one keeps its first plan.
  const sources = { tx, kept, memory: memory && (await indexInStep(tx, memory)) }
  await beginSearch(tx)
  const titles = await suggestDatasets(sources, typed, most)
  const accounts = await suggestAccounts(tx, typed.trim(), 2)
  const named = await suggestNames(sources, typed.trimEnd(), most)
  const room = Math.max(Math.ceil(most / 2), most - titles.length - accounts.length)
  const suggestions = unique([...named.slice(0, room), ...accounts, ...titles]).slice(0, most)
  return { suggestions, answeredBy: sources.memory ? 'memory' : 'store' }
}

function unique(suggestions: readonly Suggestion[]): Suggestion[] {
  const seen = new Map<string, Suggestion>()
  for (const suggestion of suggestions) {
    const key = `${suggestion.kind === 'dataset' ? 'dataset' : 'name'} ${fold(suggestion.text)}`
    if (!seen.has(key)) seen.set(key, suggestion)
  }
  return [...seen.values()]
}

interface Entry extends Record<string, unknown> {
  kind: VocabularyKind
  text: string
  base: number
  records: number | null
}

/** Completes names of keywords, publishers and people, those with the most datasets first. */
async function suggestNames(
  { tx, kept, memory }: Sources,
  prefix: string,
  limit: number,
): Promise<Suggestion[]> {
  const common = await kept.names.find(prefix, 2 * mostCompletions, () =>
    rows<Entry>(
      tx,
      sql`
    SELECT v.kind, v.text, v.base, s.records FROM ${beginning(prefix, names)} v
    JOIN catalog.term_statistics s ON s.corpus = 'dataset' AND s.base = v.base
    ORDER BY s.records DESC, v.key, v.kind LIMIT ${int(2 * mostCompletions)}`,
    ),
  )
  const known = common.slice(0, 2 * limit)
  // In a large catalog, the statistics do not include names that few records have.
  const rare =
    known.length >= limit || prefix.length < 3
      ? []
      : await rows<Entry>(
          tx,
          sql`
    SELECT v.kind, v.text, v.base, NULL::int AS records FROM ${beginning(prefix, names)} v
    ORDER BY v.key, v.kind LIMIT ${int(4 * limit)}`,
        )
  const bases = [...known, ...rare].map((entry) => entry.base)
  const leading = (memory && basesInMemory(memory, bases)) ?? (await basesInUse(tx, bases))
  return [...known, ...rare]
    .filter((entry) => leading.has(entry.base))
    .map(
      ({ kind, text, records }): Suggestion => ({
        kind: kind as Exclude<VocabularyKind, 'word'>,
        text,
        ...(records !== null && { count: records }),
      }),
    )
}

/** The same from memory; undefined if too many postings would have to be read. */
function basesInMemory({ index, filters }: IndexInStep, bases: readonly number[]): Set<number> | undefined {
  const led = bases.filter((base) => index.leads(base))
  if (filters.length === 0) return new Set(led)
  if (led.reduce((sum, base) => sum + index.of(base).records, 0) > mostPostings) return undefined
  return new Set(led.filter((base) => hasMatch({ index, filters }, { kind: 'any-term', bases: [base] })))
}

/** Which of these terms some visible dataset has. The vocabulary also contains words of hidden datasets. */
async function basesInUse(tx: Db, bases: readonly number[]): Promise<Set<number>> {
  if (bases.length === 0) return new Set()
  const found = await rows<{ base: number }>(
    tx,
    sql`
    SELECT base FROM unnest(${codesText([...new Set(bases)])}::bigint[]) AS base
    WHERE EXISTS (SELECT FROM catalog.dataset d WHERE ${shownByCode('d')} AND d.codes && ARRAY[base])`,
  )
  return new Set(found.map((row) => row.base))
}

async function suggestAccounts(tx: Db, prefix: string, limit: number): Promise<Suggestion[]> {
  const handle = prefix.replace(/^@/, '')
  if (handle.length < 2 || handle.includes(' ')) return []
  const found = await rows<{ did: string; handle: string }>(
    tx,
    sql`
    SELECT a.did, a.handle FROM catalog.account a
    WHERE starts_with(a.handle, ${handle}) AND EXISTS (SELECT FROM catalog.dataset d WHERE d.did = a.did AND ${shown('d')})
    ORDER BY length(a.handle), a.handle LIMIT ${int(limit)}`,
  )
  return found.map((row) => ({ kind: 'author', text: row.handle, did: row.did }))
}

const names: readonly VocabularyKind[] = ['keyword', 'publisher', 'person']

/** How many completions of the last word are tried. */
const completionsTried = 8

async function suggestDatasets(
  { tx, kept, memory }: Sources,
  typed: string,
  limit: number,
): Promise<Suggestion[]> {
  const words = wordsOf(typed)
  const open = typed.endsWith(' ') ? undefined : words.pop()
  const stems = words.map(stemOf)
  const endings = open === undefined ? [] : await completionsOf({ tx, kept }, open)
  const endingStems = [...new Set(endings.map(stemOf))]
  // No word of this index begins with the last word, so no title can match.
  if (open !== undefined && endingStems.length === 0) return []
  const lastStems = open === undefined ? [] : endingStems
  const inMemory = memory && titlesInMemory(memory, titleQuery(stems, lastStems, memory.index), limit)
  if (inMemory) return readTitles(tx, inMemory)
  const fixed = stems.map((stem) => baseOf(`title:${stem}`))
  const ending = endingStems.map((stem) => baseOf(`title:${stem}`))
  const statistics = await readTermStatistics(tx, 'dataset', [...fixed, allTerm])
  const rarest = fixed.toSorted((a, b) => statistics.of(a).records - statistics.of(b).records)[0]
  const lookUp =
    ending.length > 0 && rarest === undefined ? titleBands(endingStems) : [rarest ?? ending[0] ?? allTerm]
  const conditions = [
    ...fixed.map((base) => hasCode('d', base)),
    ...(open === undefined
      ? []
      : [sql`(${sql.join([sql`false`, ...ending.map((base) => hasCode('d', base))], sql` OR `)})`]),
  ]
  const scores = [...stems, ...endingStems].map((stem) =>
    termScore('d', baseOf(stem), { weight: 1, presence: 1 }),
  )
  const order = orderBy(byRelevance, { key: sql`score`, id: sql`id` })
  const found = await rows<{ uri: string; title: string }>(
    tx,
    sql`
    WITH candidate AS MATERIALIZED (
      SELECT d.id, d.uri, d.title, d.group_id, ${sql.join(scores, sql` + `)} AS score FROM catalog.dataset d
      WHERE ${shownByCode('d')} AND ${anyCode('d', lookUp)} AND ${sql.join(conditions, sql` AND `)} LIMIT 2000)
    SELECT uri, title FROM (SELECT DISTINCT ON (group_id) * FROM candidate ORDER BY group_id, ${order}) AS best
    ORDER BY ${order} LIMIT ${int(limit)}`,
  )
  return found.map((row) => ({ kind: 'dataset', text: row.title, uri: row.uri }))
}

/** A query for titles with all of `all` and one of `any`, ranked by the impacts of these words. */
function titleQuery(all: readonly string[], any: readonly string[], statistics: TermStatistics): ParsedQuery {
  const inTitle = (stems: readonly string[]) => anyTerm(stems.map((stem) => `title:${stem}`))
  return {
    words: [],
    hints: [...all, ...any].map((stem) => ({ ...wordOf(stem, statistics), weight: 1 })),
    required: [...all.map((stem) => inTitle([stem])), ...(any.length > 0 ? [inTitle(any)] : [])],
    phrases: [],
    pairs: [],
    inPhrases: { words: 0, weight: 0 },
  }
}

/** The ids of the best datasets; undefined if too many postings would have to be read. */
function titlesInMemory(
  { index, filters }: IndexInStep,
  query: ParsedQuery,
  limit: number,
): number[] | undefined {
  const { hints, required } = query
  const postings = [...hints, ...required.map((term) => ({ records: recordsOf(term, index) }))]
  if (postings.reduce((sum, { records }) => sum + records, 0) > mostPostings) return undefined
  const page = readMemoryPage(index, {
    query: segmentQueryOf(query, 'all', { filters, sort: byRelevance }),
    sort: undefined,
    after: undefined,
    limit,
    facets: [],
    // Completions are ranked by score alone; having a torrent or seeders does not count.
    boosts: [],
  })
  return page.rows.map(({ id }) => id)
}

async function readTitles(tx: Db, ids: readonly number[]): Promise<Suggestion[]> {
  if (ids.length === 0) return []
  const found = await rows<{ id: number; uri: string; title: string }>(
    tx,
    sql`SELECT d.id, d.uri, d.title FROM catalog.dataset d WHERE d.id = ${anyIdOf(ids)} AND ${shown('d')}`,
  )
  const byId = new Map(found.map((row) => [row.id, row]))
  return ids.flatMap((id) => {
    const row = byId.get(id)
    return row ? [{ kind: 'dataset' as const, text: row.title, uri: row.uri }] : []
  })
}

/** The codes of words with an impact of at least half the highest, which a word in a title has. */
function titleBands(stems: readonly string[]): number[] {
  return stems.flatMap((stem) => codesFrom(baseOf(stem), 32))
}

/** The most common words that begin with `prefix`. */
async function completionsOf({ tx, kept }: Sources, prefix: string): Promise<readonly string[]> {
  const common = await kept.words.find(prefix, completionsTried, async () => {
    const found = await rows<{ key: string }>(
      tx,
      sql`
    SELECT v.key FROM ${beginning(prefix, ['word'])} v JOIN catalog.term_statistics s ON s.corpus = 'dataset' AND s.base = v.base
    ORDER BY v.key = ${prefix} DESC, s.records DESC, v.key LIMIT ${int(completionsTried)}`,
    )
    return found.map((row) => row.key)
  })
  if (common.length > 0) return common
  const rare = await rows<{ key: string }>(
    tx,
    sql`
    SELECT v.key FROM ${beginning(prefix, ['word'])} v ORDER BY length(v.key), v.key LIMIT ${int(completionsTried)}`,
  )
  return rare.map((row) => row.key)
}

/** Entries of the vocabulary that begin with `prefix` (folded text), at most 20,000. */
function beginning(prefix: string, kinds: readonly VocabularyKind[]) {
  return sql`(SELECT * FROM catalog.vocabulary WHERE kind = ANY (${`{${kinds.join(',')}}`}::text[])
    AND key >= ${prefix} AND key < ${`${prefix}\u{10ffff}`} LIMIT 20000)`
}
