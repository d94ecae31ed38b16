import { setImmediate as nextTurn } from 'node:timers/promises'
import { sql } from 'drizzle-orm'
import { veiledAccounts } from '../../catalog/shown.ts'
import { baseOf } from '../../search-terms/codes.ts'
import { stemOf } from '../../search-terms/stems.ts'
import type { TermStatistics } from '../../search-terms/term-statistics.ts'
import { type Db, preparedRows } from '../../store/sql.ts'
import type { RequiredTerm } from '../plan/conditions.ts'
import type { Corpus } from '../plan/corpora.ts'
import type { Answer, Engine, PageRequest } from '../plan/engine.ts'
import { basesOfRequest, type SearchRequest } from '../plan/request.ts'
import { type SearchOutcome, search } from '../plan/search.ts'
import { byRelevance } from '../plan/sorts.ts'
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
  if (!supportsRequest(request)) return undefined
  let veiled = lastVeiled.get(memory) ?? []
  // The first search of all learns which accounts were veiled a moment ago, and the index may change during a search.
  for (let tries = 0; tries < mostTries; tries++) {
    const current = memory.current()
    if (!current) return undefined
    const { index, position } = current
    const postings = basesOfRequest(request).reduce((sum, base) => sum + index.of(base).records, 0)
    if (postings > mostPostings) return undefined
    const { changes } = index
    // The store is asked first, and answers while memory is searched.
    const asked = askStanding(db, position)
    asked.catch(() => {})
    await sent()
    const filters = veiledFilters(veiled)
    const engine = memoryEngine({ index, filters }, corpus, correct)
    const outcome = await search(engine, { ...request, filters: [...request.filters, ...filters] })
    const standing = await asked
    lastVeiled.set(memory, standing.veiled)
    if (standing.behind || standing.veiled.length > mostVeiled) return undefined
    // If the index changed during the search, the result may mix two states, whatever the store says.
    if (index.changes === changes && standing.veiled.join() === veiled.join()) return outcome
    veiled = standing.veiled
  }
  return undefined
}

const mostTries = 3

/** The accounts that were veiled when the store was last asked, in order. */
const lastVeiled = new WeakMap<SearchMemory, readonly string[]>()

/** With more veiled accounts than these, the store answers. */
const mostVeiled = 100

/** Leaves out the records of veiled accounts, which the index contains until they are swept. */
function veiledFilters(veiled: readonly string[]): SupportedRequest['filters'] {
  const bases = veiled.map((did) => baseOf(`author:${did}`))
  return bases.length === 0 ? [] : [{ kind: 'excluded-terms', bases, share: 'any' }]
}

function memoryEngine(
  step: IndexInStep,
  corpus: Corpus,
  correct: Engine['correct'],
): Engine<SupportedRequest> {
  const { index, filters } = step
  const statistics = countedOnce(index)
  const isKnown = (base: number) =>
    statistics.has(base) && (filters.length === 0 || hasMatch(step, { kind: 'word', base }))
  return {
    statistics: async () => statistics,
    answer: async (page) => answer(index, corpus, page),
    unknownOf: async (words) => words.filter((word) => !isKnown(baseOf(stemOf(word)))),
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

/** An index that has all changes of the store, and what must be left out of what is read from it. */
export interface IndexInStep {
  readonly index: MemoryIndex
  /** Leaves out the records of veiled accounts; empty if there are none. */
  readonly filters: SupportedRequest['filters']
}

/** The index, if it has all changes of the store; else undefined. */
export async function indexInStep(db: Db, memory: SearchMemory): Promise<IndexInStep | undefined> {
  const current = memory.current()
  if (!current) return undefined
  const { behind, veiled } = await askStanding(db, current.position)
  if (behind || veiled.length > mostVeiled) return undefined
  return { index: current.index, filters: veiledFilters(veiled) }
}

/** Whether a dataset of the index has this term that the filters do not leave out. */
export function hasMatch({ index, filters }: IndexInStep, term: RequiredTerm): boolean {
  const { cards } = readMemoryPage(index, {
    query: segmentQueryOf({ ...nothingAsked, required: [term] }, 'all', { filters, sort: byRelevance }),
    ...{ sort: undefined, after: undefined, limit: 1, facets: [], boosts: [] },
  })
  return cards > 0
}

const nothingAsked = { words: [], hints: [], pairs: [], inPhrases: { words: 0, weight: 0 } }

interface Standing {
  readonly behind: boolean
  /** The accounts that are veiled now, in order. */
  readonly veiled: readonly string[]
}

async function askStanding(db: Db, position: StorePosition): Promise<Standing> {
  const [row] = await preparedRows<{ behind: boolean; veiled: string[] | null }>(
    db,
    sql`SELECT ${isBehind(position)} AS behind, ${veiledAccounts} AS veiled`,
  )
  return { behind: row?.behind ?? true, veiled: row?.veiled ?? [] }
}

/** Waits until the driver has sent the statement, which it does in the next turn of the event loop. */
async function sent(): Promise<void> {
  await nextTurn()
  await nextTurn()
}
