import { type SQL, sql } from 'drizzle-orm'
import { unveiled } from '../../catalog/shown.ts'
import { beginSearch } from '../../store/planner.ts'
import { readOnly } from '../../store/read-only.ts'
import { type Db, rows } from '../../store/sql.ts'

/** Which changes (rows of `search_change`) an index has taken in. */
export interface StorePosition {
  /** The id of the table; after a rebuild it is another table. */
  readonly table: number
  /** The changes of every transaction with a lower id are taken in. */
  readonly before: number
  /** The changes of these transactions are taken in, too. */
  readonly besides: readonly number[]
}

export interface SearchChanges {
  /** The position of an index that has taken them in. */
  position: StorePosition
  /** The ids of datasets whose terms changed, or that are gone. */
  found: number[]
  /** The ids of datasets of which only counts changed. */
  counted: number[]
}

/** Reads the current position of the store. Whatever is read afterwards is at least as new. */
export async function readPosition(db: Db): Promise<StorePosition> {
  const [row] = await rows<{ table: number; before: number }>(
    db,
    sql`SELECT ${table} AS "table", ${horizon} AS before`,
  )
  return { ...row!, besides: [] }
}

/**
 * A boolean expression: whether a change was committed that the position does not include. Changes of veiled accounts are
 * passed over: searches leave these accounts out, and a sweep makes such changes without a pause.
 */
export function isBehind(position: StorePosition): SQL {
  // With ORDER BY the planner uses the index; without, it reads the table, which has a million rows after a backfill.
  return sql`(
    to_regclass('catalog.search_change')::oid::bigint IS DISTINCT FROM ${position.table}::bigint
    OR (SELECT txid FROM catalog.search_change WHERE ${later(position)} AND (did IS NULL OR ${unveiled()})
        ORDER BY txid LIMIT 1) IS NOT NULL)`
}

/** Reads the changes that the position does not include. All changes of a transaction are read, or none. */
export async function readSearchChanges(db: Db, from: StorePosition): Promise<SearchChanges> {
  const [row] = await readOnly(db, async (tx) => {
    // This makes the planner use the index, even before it knows how many old rows the table has.
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

/** Reading a million changes takes a few seconds. */
const longestReadMs = 60_000

/** Deletes old changes. Every index has taken them in, or is so far behind that it will start again. */
export async function pruneSearchChanges(db: Db, olderThan: Date): Promise<void> {
  await db.execute(sql`DELETE FROM catalog.search_change WHERE at < ${olderThan.toISOString()}::timestamptz`)
}

function later({ before, besides }: StorePosition): SQL {
  return sql`txid >= ${before}::bigint AND NOT txid = ANY (${`{${besides.join(',')}}`}::bigint[])`
}

const table = sql`to_regclass('catalog.search_change')::oid::bigint`
/** Every transaction with a lower id has ended. */
const horizon = sql`pg_snapshot_xmin(pg_current_snapshot())::text::bigint`
