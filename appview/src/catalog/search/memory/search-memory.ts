import { setImmediate as nextTurn } from 'node:timers/promises'
import { sql } from 'drizzle-orm'
import { type Db, preparedRows } from '../../sql.ts'
import { readOnly } from '../../store/read-only.ts'
import type { Corpus } from '../corpora/corpus.ts'
import { labelAccounts } from '../corpora/facet-labels.ts'
import { correctWord } from '../query/spelling.ts'
import { stemOf } from '../query/words.ts'
import type { Engine, Wanted } from '../ranking/engine.ts'
import { askFor, basesOf } from '../ranking/needs.ts'
import { beginSearch } from '../ranking/planner.ts'
import { type SearchOutcome, type SearchRequest, search } from '../ranking/search.ts'
import { baseOf } from '../terms/codes.ts'
import type { TermStatistics } from '../terms/statistics.ts'
import { readMemoryPage } from './matching/memory-page.ts'
import { memorySorts } from './matching/memory-sorts.ts'
import { planOf } from './matching/plan.ts'
import type { MemoryIndex } from './memory-index.ts'
import { isBehind, type StorePosition } from './search-changes.ts'

/** The index in memory, and up to where it has followed the store. */
export interface SearchMemory {
  /** Undefined while there is none: not read yet, too large, or too far behind. */
  current(): { index: MemoryIndex; position: StorePosition } | undefined
}

/** Nothing else is answered while a search runs, and it passes some hundred of these in a microsecond. */
const mostPostings = 4_000_000

/**
 * Answers from memory, as the store would now. Undefined where the store itself has to be asked: something was asked for
 * that memory does not hold, a great deal has to be gone through, or something changed that it has not taken in.
 */
export async function searchMemory(
  db: Db,
  memory: SearchMemory,
  corpus: Corpus,
  request: SearchRequest,
): Promise<SearchOutcome | undefined> {
  const current = memory.current()
  if (!current) return undefined
  const { index, position } = current
  const engine = memoryEngine(db, index)
  const statistics = await engine.statistics([])
  const { checks } = askFor(request.clauses, statistics, corpus.phraseStands)
  if (![...checks, ...request.filters(statistics).checks].every((check) => check.test)) return undefined
  const postings = [...basesOf(request.clauses), ...request.filterTerms].reduce(
    (sum, base) => sum + statistics.of(base).records,
    0,
  )
  if (postings > mostPostings) return undefined
  const { changes } = index
  // The store looks while memory is searched, once the question is on its way.
  const behind = askWhetherBehind(db, position)
  behind.catch(() => {})
  await sent()
  const outcome = await search(engine, corpus, request)
  // Of something half taken in, what the store says is not true.
  const isWhole = index.changes === changes
  if (!isWhole || (await behind)) return undefined
  const facets = outcome.facets && (await labelAccounts(db, outcome.facets))
  return { ...outcome, ...(facets && { facets }) }
}

function memoryEngine(db: Db, index: MemoryIndex): Engine {
  const statistics = countedOnce(index)
  return {
    statistics: async () => statistics,
    answer: async (wanted) => answer(index, wanted),
    unknownOf: async (words) => words.filter((word) => !index.has(baseOf(stemOf(word)))),
    correct: (word) =>
      readOnly(db, async (tx) => {
        await beginSearch(tx)
        return correctWord(tx, 'dataset', word)
      }),
  }
}

/** A search asks for the same few terms again and again, and every segment has to be asked. */
function countedOnce(index: MemoryIndex): TermStatistics {
  const counts = new Map<number, ReturnType<MemoryIndex['of']>>()
  const { records } = index
  return {
    records,
    has: (base) => index.has(base),
    of(base) {
      const known = counts.get(base) ?? index.of(base)
      counts.set(base, known)
      return known
    },
  }
}

function answer(index: MemoryIndex, { asked, mode, sortName, after, limit, facets }: Wanted) {
  const sort = memorySorts[sortName]
  const plan = planOf(asked, mode, sort === undefined)
  const page = readMemoryPage(index, {
    plan,
    sort,
    after: after && { key: sort ? sort.fromText(after.key) : Number(after.key), id: after.id },
    limit,
    facets,
  })
  return {
    rows: page.rows.map((row) => ({ ...row, key: sort ? sort.toText(row.key) : String(row.key) })),
    hitsTotal: page.cards,
    hitsEstimated: false,
    ...(facets.length > 0 && { facets: page.facets }),
  }
}

async function askWhetherBehind(db: Db, position: StorePosition): Promise<boolean> {
  const [row] = await preparedRows<{ behind: boolean }>(db, sql`SELECT ${isBehind(position)} AS behind`)
  return row?.behind ?? true
}

/** The driver writes what it is given in the event loop's next turn. */
async function sent(): Promise<void> {
  await nextTurn()
  await nextTurn()
}
