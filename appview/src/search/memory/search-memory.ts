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

/** The index in memory, and up to where it has followed the store. */
export interface SearchMemory {
  /** Undefined while there is none: not read yet, too large, or too far behind. */
  current(): { index: MemoryIndex; position: StorePosition } | undefined
}

/** Nothing else is answered while a search runs, and it passes some hundred of these in a microsecond. */
export const mostPostings = 4_000_000

/** What is put to memory, and who is asked for the likeliest word meant by one that nobody uses. */
export interface MemorySearch {
  corpus: Corpus
  request: SearchRequest
  correct: Engine['correct']
}

/**
 * Answers from memory, as the store would now. Undefined where the store itself has to be asked: something was asked for
 * that memory does not hold, a great deal has to be gone through, or something changed that it has not taken in.
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
  // The store looks while memory is searched, once the question is on its way.
  const behind = askWhetherBehind(db, position)
  behind.catch(() => {})
  await sent()
  const outcome = await search(engine, request)
  // Of something half taken in, what the store says is not true.
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

/** A search asks for the same few terms again and again, and every segment has to be asked. */
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

/** The index, if it holds all that the store does now; else undefined, as while an account is veiled. */
export async function indexInStep(db: Db, memory: SearchMemory): Promise<MemoryIndex | undefined> {
  const current = memory.current()
  if (!current || (await askWhetherBehind(db, current.position))) return undefined
  return current.index
}

/** Or whether an account is veiled: what memory holds of it is no longer to be found. */
async function askWhetherBehind(db: Db, position: StorePosition): Promise<boolean> {
  const [row] = await preparedRows<{ behind: boolean }>(
    db,
    sql`SELECT ${isBehind(position)} OR NOT ${nothingVeiled} AS behind`,
  )
  return row?.behind ?? true
}

/** The driver writes what it is given in the event loop's next turn. */
async function sent(): Promise<void> {
  await nextTurn()
  await nextTurn()
}
