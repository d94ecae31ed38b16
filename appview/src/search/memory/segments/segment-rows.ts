import { type SQL, sql } from 'drizzle-orm'
import { anyIdOf, type Db, rows } from '../../../store/sql.ts'
import type { SegmentRow } from './segment-builder.ts'

/** Which visible datasets: the next ones with higher ids than `after`, or those among `ids`. */
export type RowScope =
  | { readonly after: number; readonly limit: number }
  | { readonly ids: readonly number[] }

interface Read extends Record<string, unknown>, Omit<SegmentRow, 'publisher' | 'license' | 'author'> {
  publisher: string | null
  license: string | null
  author: string
}

/** Reads visible datasets in the order of their ids. */
export async function readSegmentRows(db: Db, scope: RowScope): Promise<SegmentRow[]> {
  const among: SQL = 'ids' in scope ? sql`d.id = ${anyIdOf(scope.ids)}` : sql`d.id > ${scope.after}::bigint`
  const limit = 'ids' in scope ? sql`` : sql`LIMIT ${scope.limit}::int`
  const found = await rows<Read>(
    db,
    sql`
    SELECT d.id, d.uri, d.group_id AS "group", ${createdMicroseconds} AS created, d.size_bytes AS size,
      d.torrent_count AS torrents, d.seeders, ${deadlineDays} AS deadline, d.codes::text AS codes,
      to_jsonb(d.keywords) AS keyword, to_jsonb(d.formats) AS format, to_jsonb(d.risks) AS risk,
      to_jsonb(d.scarcities) AS scarcity, d.publisher, d.license, d.did AS author
    FROM catalog.dataset d WHERE d.visible AND ${among} ORDER BY d.id ${limit}`,
  )
  return found.map((row) => ({
    ...row,
    publisher: row.publisher === null ? [] : [row.publisher],
    license: row.license === null ? [] : [row.license],
    author: [row.author],
  }))
}

/** What may change of a dataset while its terms stay the same. */
export interface Counts extends Record<string, unknown> {
  id: number
  group: number
  torrents: number
  seeders: number | null
}

export function readCounts(db: Db, ids: readonly number[]): Promise<Counts[]> {
  return rows<Counts>(
    db,
    sql`SELECT id, group_id AS "group", torrent_count AS torrents, seeders FROM catalog.dataset WHERE id = ${anyIdOf(ids)}`,
  )
}

const createdMicroseconds = sql`(extract(epoch FROM d.created_at) * 1000000)::bigint`
const deadlineDays = sql`d.deadline - date '1970-01-01'`
