import { giveUpAfter, storeBudgetMs } from '../../store/planner.ts'
import { readOnly } from '../../store/read-only.ts'
import type { Db } from '../../store/sql.ts'
import { inTurn } from './store-turns.ts'
import { tooLong, withinBudget } from './within-budget.ts'

export interface SearchLimits {
  /** What whoever asks may do to ask for less, as a sentence. */
  advice?: string | undefined
  /** What all statements may take together, from the first one on. */
  wholeMs?: number
}

/** A statement has its own time, where it can be given up: PGlite runs each to its end. */
const wholeMs = 3_000

/**
 * Reads of a search that go to the store: in one read-only transaction, once it is their turn, each statement and all
 * together in the time that a search is given.
 *
 * @throws SearchError InvalidQuery where it takes longer; StoreUnavailableError where no turn comes in time
 */
export async function searchInTurn<T>(
  db: Db,
  read: (tx: Db) => Promise<T>,
  limits: SearchLimits = {},
): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>()
  const reading = inTurn(db, () =>
    readOnly(db, async (tx) => {
      const timer = setTimeout(() => reject(tooLong(limits.advice)), limits.wholeMs ?? wholeMs)
      try {
        return await read(tx)
      } finally {
        clearTimeout(timer)
      }
    }),
  )
  // What comes too late is told to nobody; its turn lasts until it has ended.
  reading.catch(() => {})
  return withinBudget(Promise.race([reading, late]), limits.advice)
}

/** The same for a look-up, which is planned as it is. */
export function lookUpInTurn<T>(db: Db, read: (tx: Db) => Promise<T>, limits: SearchLimits = {}): Promise<T> {
  const inBudget = async (tx: Db) => {
    await giveUpAfter(tx, storeBudgetMs)
    return read(tx)
  }
  return searchInTurn(db, inBudget, limits)
}
