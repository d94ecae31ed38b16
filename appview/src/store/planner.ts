/**
 * PostgreSQL cannot estimate how many rows have one of 64 codes, and a wrong guess reads the whole table. So the plan of
 * every statement of a search is chosen here, by settings that last until the end of the transaction.
 */
import { type SQL, sql } from 'drizzle-orm'
import type { Db } from './sql.ts'

/** The most time, in milliseconds, for one statement of a search; after that the caller is told how to narrow the search. */
export const storeBudgetMs = 300

/** `bitmap`: a bitmap scan, to find candidates. `index`: an index scan, to read rows in the order of the index. */
export type PlanKind = 'bitmap' | 'index'

const current = new WeakMap<Db, PlanKind>()

/** The settings of a new search, as columns of a SELECT, so that they need no statement of their own. */
export function firstSettings(tx: Db, timeoutMs: number): SQL {
  current.set(tx, 'bitmap')
  return sql`set_config('statement_timeout', ${String(timeoutMs)}, true), set_config('jit', 'off', true),
    set_config('work_mem', '32MB', true), set_config('max_parallel_workers_per_gather', '0', true),
    set_config('enable_seqscan', 'off', true), ${kindSettings('bitmap')}`
}

/** Applies the settings of a search to a transaction. */
export async function beginSearch(tx: Db, timeoutMs = storeBudgetMs): Promise<void> {
  await tx.execute(sql`SELECT ${firstSettings(tx, timeoutMs)}`)
}

/** Limits the time of each statement of a transaction, and leaves its plans as they are. */
export async function giveUpAfter(tx: Db, timeoutMs: number): Promise<void> {
  await tx.execute(sql`SELECT set_config('statement_timeout', ${String(timeoutMs)}, true)`)
}

/** Chooses the kind of plan for the statements that follow, in a transaction that began with `firstSettings`. */
export async function planBy(tx: Db, kind: PlanKind): Promise<void> {
  if (current.get(tx) === kind) return
  current.set(tx, kind)
  await tx.execute(sql`SELECT ${kindSettings(kind)}`)
}

function kindSettings(kind: PlanKind): SQL {
  const [bitmap, index] = kind === 'bitmap' ? ['on', 'off'] : ['off', 'on']
  return sql`set_config('enable_bitmapscan', ${bitmap}, true), set_config('enable_indexscan', ${index}, true),
    set_config('enable_indexonlyscan', ${index}, true)`
}
