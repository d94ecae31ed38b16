/**
 * PostgreSQL cannot know how many rows have one of 64 codes, and a wrong guess reads the whole table: the plan of every
 * statement of a search is chosen here. Settings hold until the end of the transaction.
 */
import { type SQL, sql } from 'drizzle-orm'
import type { Db } from '../../sql.ts'

/** By the bits of an index, for candidates; or along an index, for a walk in its order. */
export type PlanKind = 'bitmap' | 'index'

const current = new WeakMap<Db, PlanKind>()

/** The settings a search begins with, as a list of columns to select: they cost no statement of their own. */
export function firstSettings(tx: Db, timeoutMs: number): SQL {
  current.set(tx, 'bitmap')
  return sql`set_config('statement_timeout', ${String(timeoutMs)}, true), set_config('jit', 'off', true),
    set_config('work_mem', '32MB', true), set_config('max_parallel_workers_per_gather', '0', true),
    set_config('enable_seqscan', 'off', true), ${kindSettings('bitmap')}`
}

/** Begins a transaction that searches in its own way. */
export async function beginSearch(tx: Db, timeoutMs = 5_000): Promise<void> {
  await tx.execute(sql`SELECT ${firstSettings(tx, timeoutMs)}`)
}

/** Has the next statements planned so; the transaction began with `firstSettings`. */
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
