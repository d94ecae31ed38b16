/**
 * A lock for writers of the catalog, and the one place that repeats a transaction which another has undone. Records, accounts
 * and metainfo are written by many transactions at a time, which share the lock. A batch of a sweep, which updates flags
 * after a decision, takes it alone, so that no other transaction is about to commit flags of an older decision. A transaction
 * must take it before it locks any row.
 *
 * Whoever writes records locks contents first, in order of id, and then datasets. That does not exclude every deadlock, since
 * only what was written says which other rows depend on it; PostgreSQL then undoes one of the two, which is run again.
 */
import { type SQL, sql } from 'drizzle-orm'
import { errorCode } from './error-code.ts'
import type { Db } from './sql.ts'

/** The key of the advisory lock: any number that nothing else on the server locks. */
const turnKey = 4_653_002

/** SQLSTATEs serialization_failure and deadlock_detected: the transaction was undone because of another. */
const undoneByAnother = /^40(?:001|P01)$/
const mostTries = 10

/** Runs a transaction, again if another transaction undid it. Every transaction that writes to the catalog runs in this. */
export async function writing<T>(db: Db, work: (tx: Db) => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await db.transaction((tx) => work(tx as Db))
    } catch (error) {
      if (tries === mostTries || !undoneByAnother.test(errorCode(error) ?? '')) throw error
    }
  }
}

/** Waits until nobody holds the lock alone, and shares it until the transaction ends: a column of its first SELECT. */
export const sharedTurn: SQL = sql`pg_advisory_xact_lock_shared(${turnKey})`

/** Like {@link writing}, but waits until nobody holds the lock alone, and then shares it until the transaction ends. */
export function writingTogether<T>(db: Db, work: (tx: Db) => Promise<T>): Promise<T> {
  return writing(db, async (tx) => {
    await tx.execute(sql`SELECT ${sharedTurn}`)
    return work(tx)
  })
}

/** Like {@link writing}, but alone: see {@link takeTurn}. */
export function writingAlone<T>(
  db: Db,
  work: (tx: Db) => Promise<T>,
  options: { maxWaitMs?: number } = {},
): Promise<T> {
  return writing(db, async (tx) => {
    await takeTurn(tx, options)
    return work(tx)
  })
}

/**
 * Waits for all other writers, then holds the lock alone until the transaction ends.
 *
 * @throws an error of code 55P03 when others hold it for longer than `maxWaitMs`
 */
export async function takeTurn(tx: Db, options: { maxWaitMs?: number } = {}): Promise<void> {
  const { maxWaitMs = 0 } = options
  await tx.execute(sql`SELECT set_config('lock_timeout', ${`${maxWaitMs}ms`}, true)`)
  await tx.execute(sql`SELECT pg_advisory_xact_lock(${turnKey})`)
  if (maxWaitMs > 0) await tx.execute(sql`SELECT set_config('lock_timeout', '0', true)`)
}
