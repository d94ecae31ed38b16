import { type SQL, sql } from 'drizzle-orm'
import { beginSearch } from '../../store/planner.ts'
import { readOnly } from '../../store/read-only.ts'
import { type Db, rows } from '../../store/sql.ts'

/** What of `search_change` an index has taken in. */
export interface StorePosition {
  /** The identity of the table: after a swap of catalogs it is another one. */
  readonly table: number
  /** Every transaction below it. */
  readonly before: number
  /** And these. */
  readonly besides: readonly number[]
}

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

/** A truth value: whether anything was committed that the position does not hold. */
export function isBehind(position: StorePosition): SQL {
  // Asked for the first in order, since for just any the planner reads the table: a million rows after a backfill.
  return sql`(
    to_regclass('catalog.search_change')::oid::bigint IS DISTINCT FROM ${position.table}::bigint
    OR (SELECT txid FROM catalog.search_change WHERE ${later(position)} ORDER BY txid LIMIT 1) IS NOT NULL)`
}

/** What transactions changed that the position does not hold. A transaction is seen whole or not at all. */
export async function readSearchChanges(db: Db, from: StorePosition): Promise<SearchChanges> {
  const [row] = await readOnly(db, async (tx) => {
    // By the index: how many rows of the past there are the planner may not know yet.
    await beginSearch(tx, longestReadMs)
    return rows<Changed>(
      tx,
      sql`
      WITH change AS (
        SELECT dataset_id, bool_or(found) AS found FROM catalog.search_change
        WHERE ${later(from)}
        GROUP BY dataset_id)
      SELECT ${table} AS "table", ${horizon} AS before,
        (SELECT jsonb_agg(dataset_id) FROM change WHERE found) AS found,
        (SELECT jsonb_agg(dataset_id) FROM change WHERE NOT found) AS counted,
        (SELECT jsonb_agg(DISTINCT txid) FROM catalog.search_change WHERE txid >= ${horizon}) AS txids`,
    )
  })
  return {
    position: { table: row!.table, before: row!.before, besides: row!.txids ?? [] },
    found: row!.found ?? [],
    counted: row!.counted ?? [],
  }
}

interface Changed extends Record<string, unknown> {
  table: number
  before: number
  txids: number[] | null
  found: number[] | null
  counted: number[] | null
}

/** A million changes take some seconds. */
const longestReadMs = 60_000

/** Forgets changes that every index has long taken in, or is too far behind to. */
export async function pruneSearchChanges(db: Db, olderThan: Date): Promise<void> {
  await db.execute(sql`DELETE FROM catalog.search_change WHERE at < ${olderThan.toISOString()}::timestamptz`)
}

function later({ before, besides }: StorePosition): SQL {
  return sql`txid >= ${before}::bigint AND NOT txid = ANY (${`{${besides.join(',')}}`}::bigint[])`
}

const table = sql`to_regclass('catalog.search_change')::oid::bigint`
/** Transactions below it have ended. */
const horizon = sql`pg_snapshot_xmin(pg_current_snapshot())::text::bigint`
