import { sql } from 'drizzle-orm'
import { type Db, rows } from '../../sql.ts'
import type { StorePosition } from './search-memory.ts'

/** Notified, by the triggers on `dataset`, when a transaction that wrote changes is committed. */
export const searchChannel = 'holdfast_search'

export interface SearchChanges {
  /** Up to where they go. */
  position: StorePosition
  /** Datasets that are found by other things now, or are gone. */
  found: number[]
  /** Datasets of which only a count changed. */
  counted: number[]
}

/** Where the store is now; whatever is read of it later is at least as new. */
export async function readPosition(db: Db): Promise<StorePosition> {
  const [row] = await rows<{ table: number; before: number }>(
    db,
    sql`SELECT ${table} AS "table", ${horizon} AS before`,
  )
  return { ...row!, besides: [] }
}

/** What transactions changed that the position does not hold. A transaction is seen whole or not at all. */
export async function readSearchChanges(db: Db, from: StorePosition): Promise<SearchChanges> {
  const [row] = await rows<{
    table: number
    before: number
    txids: number[] | null
    found: number[] | null
    counted: number[] | null
  }>(
    db,
    sql`
    WITH change AS (
      SELECT dataset_id, bool_or(found) AS found FROM catalog.search_change
      WHERE txid >= ${from.before}::bigint AND NOT txid = ANY (${`{${from.besides.join(',')}}`}::bigint[])
      GROUP BY dataset_id)
    SELECT ${table} AS "table", ${horizon} AS before,
      (SELECT jsonb_agg(dataset_id) FROM change WHERE found) AS found,
      (SELECT jsonb_agg(dataset_id) FROM change WHERE NOT found) AS counted,
      (SELECT jsonb_agg(DISTINCT txid) FROM catalog.search_change WHERE txid >= ${horizon}) AS txids`,
  )
  return {
    position: { table: row!.table, before: row!.before, besides: row!.txids ?? [] },
    found: row!.found ?? [],
    counted: row!.counted ?? [],
  }
}

/** Forgets changes that every index has long taken in, or is too far behind to. */
export async function pruneSearchChanges(db: Db, olderThan: Date): Promise<void> {
  await db.execute(sql`DELETE FROM catalog.search_change WHERE at < ${olderThan.toISOString()}::timestamptz`)
}

const table = sql`to_regclass('catalog.search_change')::oid::bigint`
/** Transactions below it have ended. */
const horizon = sql`pg_snapshot_xmin(pg_current_snapshot())::text::bigint`
