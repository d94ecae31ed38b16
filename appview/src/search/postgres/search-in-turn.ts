import { giveUpAfter, storeBudgetMs } from '../../store/planner.ts'
import { readOnly } from '../../store/read-only.ts'
import type { Db } from '../../store/sql.ts'
import { inTurn } from './store-turns.ts'
import { tooLong, withinBudget } from './within-budget.ts'

export interface SearchLimits {
  /** A sentence that tells the caller how to make the search cheaper. */
  advice?: string | undefined
  /** The longest time for all statements together, in milliseconds. */
  wholeMs?: number
}

/** Each statement also has a time limit of its own, but PGlite cannot cancel one and runs it to its end. */
const wholeMs = 3_000

/**
 * Runs the statements of a search in one read-only transaction when it is their turn, and gives up when they take too long.
 *
 * @throws SearchError InvalidQuery when they take too long; StoreUnavailableError when their turn does not come in time
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
  // A late result is dropped, and a late failure is nobody's; the turn lasts until the statements have ended.
  reading.catch(() => {})
  return withinBudget(Promise.race([reading, late]), limits.advice)
}

/** The same for a look-up, which uses PostgreSQL's usual planning. */
export function lookUpInTurn<T>(db: Db, read: (tx: Db) => Promise<T>, limits: SearchLimits = {}): Promise<T> {
  const inBudget = async (tx: Db) => {
    await giveUpAfter(tx, storeBudgetMs)
    return read(tx)
  }
  return searchInTurn(db, inBudget, limits)
}
