import { setImmediate as nextTurn } from 'node:timers/promises'
import { sql } from 'drizzle-orm'
import { nothingVeiled } from '../../catalog/shown.ts'
import { baseOf } from '../../search-terms/codes.ts'
import { stemOf } from '../../search-terms/stems.ts'
import type { TermStatistics } from '../../search-terms/term-statistics.ts'
import { type Db, preparedRows } from '../../store/sql.ts'
import type { Corpus } from '../plan/corpora.ts'
import type { Answer, Engine, PageRequest } from '../plan/engine.ts'
import { basesOfRequest, type SearchRequest } from '../plan/request.ts'
import { type SearchOutcome, search } from '../plan/search.ts'
import { readMemoryPage } from './match/memory-page.ts'
import { memorySortOf } from './match/memory-sorts.ts'
import { segmentQueryOf } from './match/segment-query.ts'
import { type SupportedRequest, supportsRequest } from './match/supports.ts'
import type { MemoryIndex } from './memory-index.ts'
import { isBehind, type StorePosition } from './search-changes.ts'

/** The index in memory, and the changes of the store that it has taken in. */
export interface SearchMemory {
  /** Undefined while there is no index: it is not read yet, is too large, or was too far behind. */
  current(): { index: MemoryIndex; position: StorePosition } | undefined
}

/**
 * The most postings that a search in memory may read. It reads about a hundred in a microsecond, and blocks its thread
 * meanwhile.
 */
export const mostPostings = 4_000_000

/** A search for memory; `correct` finds the likeliest correct spelling of a word that no record has. */
export interface MemorySearch {
  corpus: Corpus
  request: SearchRequest
  correct: Engine['correct']
}

/**
 * Searches in memory, with the result that the store would give now. Undefined if the store has to answer: memory does
 * not support a condition, too many postings would have to be read, or the store has changes that memory does not.
 */
export async function searchMemory(
  db: Db,
  memory: SearchMemory,
  { corpus, request, correct }: MemorySearch,
): Promise<SearchOutcome | undefined> {
  const current = memory.current()
  if (!current || !supportsRequest(request)) return undefined
  const { index, position } = current
  const engine = memoryEngine(index, corpus, correct)
  const statistics = await engine.statistics([])
  const postings = basesOfRequest(request).reduce((sum, base) => sum + statistics.of(base).records, 0)
  if (postings > mostPostings) return undefined
  const { changes } = index
  // The store is asked first, and answers while memory is searched.
  const behind = askWhetherBehind(db, position)
  behind.catch(() => {})
  await sent()
  const outcome = await search(engine, request)
  // If the index changed during the search, the result may mix two states, whatever the store says.
  const isWhole = index.changes === changes
  return isWhole && !(await behind) ? outcome : undefined
}

function memoryEngine(
  index: MemoryIndex,
  corpus: Corpus,
  correct: Engine['correct'],
): Engine<SupportedRequest> {
  const statistics = countedOnce(index)
  return {
    statistics: async () => statistics,
    answer: async (page) => answer(index, corpus, page),
    unknownOf: async (words) => words.filter((word) => !statistics.has(baseOf(stemOf(word)))),
    correct,
  }
}

/** Remembers counts during a search, which asks for the same few terms again and again in every segment. */
function countedOnce(index: MemoryIndex): TermStatistics {
  const counts = new Map<number, ReturnType<MemoryIndex['of']>>()
  const { records } = index
  const of = (base: number) => {
    const known = counts.get(base) ?? index.of(base)
    counts.set(base, known)
    return known
  }
  return { records, has: (base) => of(base).records > 0, of }
}

function answer(
  index: MemoryIndex,
  { boosts }: Corpus,
  { request, query, mode, limit }: PageRequest<SupportedRequest>,
): Answer {
  const { after, facets } = request
  const sort = memorySortOf(request.sort)
  const page = readMemoryPage(index, {
    query: segmentQueryOf(query, mode, request),
    sort,
    after: after && { key: sort ? sort.fromText(after.key) : Number(after.key), id: after.id },
    limit,
    facets,
    boosts,
  })
  return {
    rows: page.rows.map((row) => ({ ...row, key: sort ? sort.toText(row.key) : String(row.key) })),
    hitsTotal: page.cards,
    hitsEstimated: false,
    ...(facets.length > 0 && { facets: page.facets }),
  }
}

/** The index, if it has all changes of the store; else undefined, also while an account is veiled. */
export async function indexInStep(db: Db, memory: SearchMemory): Promise<MemoryIndex | undefined> {
  const current = memory.current()
  if (!current || (await askWhetherBehind(db, current.position))) return undefined
  return current.index
}

/** Also true while an account is veiled, because the index still contains its records. */
async function askWhetherBehind(db: Db, position: StorePosition): Promise<boolean> {
  const [row] = await preparedRows<{ behind: boolean }>(
    db,
    sql`SELECT ${isBehind(position)} OR NOT ${nothingVeiled} AS behind`,
  )
  return row?.behind ?? true
}

/** Waits until the driver has sent the statement, which it does in the next turn of the event loop. */
async function sent(): Promise<void> {
  await nextTurn()
  await nextTurn()
}
