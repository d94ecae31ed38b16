import type { defs } from '@holdfast/lexicons'
import { type SQL, sql } from 'drizzle-orm'
import { toInstant } from '../../sql.ts'
import { type AuthorRow, authorJson, toAuthorView } from '../records/author-views.ts'

export interface DescriberRow {
  total: number
  uri: string
  cid: string
  title: string
  createdAt: string
  key: string
  author: AuthorRow
}

/**
 * The other visible records that describe the same data as the dataset `d`, as a JSON array of
 * {@link DescriberRow}, oldest first: they share an identifier, or a torrent of somebody else's with the same
 * infohash. One torrent that names two datasets does not make them one.
 */
export function describersJson(limit: number): SQL {
  return sql`(
    SELECT jsonb_agg(jsonb_build_object('total', total, 'uri', r.uri, 'cid', r.cid, 'title', o.title,
      'createdAt', o.created_at, 'key', oldest.key, 'author', ${authorJson(sql`r.did`)})
      ORDER BY o.created_at, o.id)
    FROM (
      SELECT near.id, min(near.key) AS key, count(*) OVER () AS total
      FROM (
        SELECT o.id, coalesce((
          SELECT min(mine.key) FROM catalog.dataset_key mine
          JOIN catalog.dataset_key theirs USING (key)
          WHERE mine.dataset_id = d.id AND theirs.dataset_id = o.id), '') AS key
        FROM catalog.dataset o WHERE o.group_id = d.group_id
        UNION ALL
        SELECT same.id, 'infohash:' FROM catalog.torrent_dataset td
        JOIN catalog.torrent t ON t.id = td.torrent_id AND t.visible
        JOIN catalog.torrent t2 ON t2.content_id = t.content_id AND t2.id <> t.id AND t2.visible
        JOIN catalog.torrent_dataset td2 ON td2.torrent_id = t2.id
        JOIN catalog.record same ON same.uri = td2.dataset_uri
        WHERE td.dataset_uri = d.uri
      ) AS near JOIN catalog.dataset v ON v.id = near.id AND v.visible
      WHERE near.id <> d.id GROUP BY near.id, v.created_at ORDER BY v.created_at, near.id LIMIT ${limit}
    ) AS oldest JOIN catalog.dataset o USING (id) JOIN catalog.record r USING (id))`
}

/** One of several records that describe the same body of data. */
export function toDescriberView(row: Omit<DescriberRow, 'total'>): defs.DescriberView {
  const matchedBy = row.key.slice(0, Math.max(row.key.indexOf(':'), 0))
  return {
    uri: row.uri as defs.DescriberView['uri'],
    cid: row.cid,
    author: toAuthorView(row.author),
    title: row.title,
    createdAt: toInstant(row.createdAt) as NonNullable<defs.DescriberView['createdAt']>,
    ...(matchedBy && { matchedBy }),
  }
}

/** The card that these records make together; undefined for a record that stands alone. */
export function toGroupView(rows: readonly DescriberRow[] | null): defs.GroupView | undefined {
  const [first] = rows ?? []
  if (!rows || !first) return undefined
  return { count: first.total + 1, describers: rows.map(toDescriberView) }
}
