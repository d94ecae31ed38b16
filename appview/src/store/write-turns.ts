/**
 * A lock for writers of the catalog. Records, accounts and metainfo are written by many transactions at a time, which share
 * it. A batch of a sweep, which updates flags after a decision, takes it alone, so that no other transaction is about to
 * commit flags of an older decision. A transaction must take it before it locks any row; otherwise two could deadlock.
 */
import { sql } from 'drizzle-orm'
import type { Db } from './sql.ts'

/** The key of the advisory lock: any number that nothing else on the server locks. */
const turnKey = 4_653_002

/** Waits until nobody holds the lock alone, then shares it until the transaction ends. */
export async function shareTurn(tx: Db): Promise<void> {
  await tx.execute(sql`SELECT pg_advisory_xact_lock_shared(${turnKey})`)
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
