import type { defs } from '@holdfast/lexicons'
import { type SQL, sql } from 'drizzle-orm'
import { toInstant } from '../../../store/sql.ts'
import { shown } from '../../shown.ts'
import { type AuthorRow, authorJson, toAuthorView } from '../records/author-views.ts'
import { namingTorrents } from './naming-torrents.ts'

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
 * The most contents of a dataset, torrents of a content and datasets of a torrent that are examined for one dataset, since
 * anybody can add torrents to anybody's dataset.
 */
const [mostContents, mostTorrents, mostDatasets] = [100, 100, 20].map((most) => sql.raw(String(most))) as [
  SQL,
  SQL,
  SQL,
]

/**
 * The other visible records that describe the same data as the dataset `d`, as a JSON array of
 * {@link DescriberRow}, oldest first. They share an identifier, or somebody else's torrent for them has the same infohash. A
 * single torrent record that names two datasets does not join them.
 */
export function describersJson({ limit, titleLength }: { limit: number; titleLength: number }): SQL {
  return sql`(
    SELECT jsonb_agg(jsonb_build_object('total', total, 'uri', r.uri, 'cid', r.cid, 'title', left(o.title, ${titleLength}),
      'createdAt', o.created_at, 'key', oldest.key, 'author', ${authorJson(sql`r.did`)})
      ORDER BY o.created_at, o.id)
    FROM (
      WITH near AS MATERIALIZED (SELECT id, min(key) AS key FROM (
        SELECT o.id, coalesce((
          SELECT min(mine.key) FROM catalog.card_key mine
          JOIN catalog.card_key theirs USING (key)
          WHERE mine.dataset_id = d.id AND theirs.dataset_id = o.id), '') AS key
        FROM catalog.dataset o WHERE o.group_id = d.group_id
        UNION ALL
        SELECT same.id, 'infohash:' FROM (
          SELECT t.content_id, min(t.id) AS first, max(t.id) AS last FROM ${namingTorrents} AS t
          WHERE t.content_id IS NOT NULL GROUP BY t.content_id ORDER BY first LIMIT ${mostContents}) AS mine
        CROSS JOIN LATERAL (
          SELECT t2.id FROM catalog.torrent t2
          WHERE t2.content_id = mine.content_id AND (t2.id <> mine.first OR t2.id <> mine.last) AND ${shown('t2')}
          ORDER BY t2.id LIMIT ${mostTorrents}) AS other
        CROSS JOIN LATERAL (
          SELECT td2.dataset_uri FROM catalog.torrent_dataset td2 WHERE td2.torrent_id = other.id
          ORDER BY td2.dataset_uri LIMIT ${mostDatasets}) AS named
        JOIN catalog.record same ON same.uri = named.dataset_uri
      ) AS each WHERE id <> d.id GROUP BY id)
      SELECT near.id, near.key, count(*) OVER () AS total
      FROM near JOIN catalog.dataset v ON v.id = near.id AND ${shown('v')}
      ORDER BY v.created_at, near.id LIMIT ${limit}
    ) AS oldest JOIN catalog.dataset o USING (id) JOIN catalog.record r USING (id))`
}

/** Makes the view of one of several records that describe the same data. */
export function toDescriberView(row: Omit<DescriberRow, 'total'>): defs.DescriberView {
  const kind = row.key.slice(0, Math.max(row.key.indexOf(':'), 0))
  const matchedBy = kind === 'page' ? 'homepage' : kind
  return {
    uri: row.uri as defs.DescriberView['uri'],
    cid: row.cid,
    author: toAuthorView(row.author),
    title: row.title,
    createdAt: toInstant(row.createdAt) as NonNullable<defs.DescriberView['createdAt']>,
    ...(matchedBy && { matchedBy }),
  }
}

/** Makes the view of the card that these records share; undefined when there is only one record. */
export function toGroupView(rows: readonly DescriberRow[] | null): defs.GroupView | undefined {
  const [first] = rows ?? []
  if (!rows || !first) return undefined
  return { count: first.total + 1, describers: rows.map(toDescriberView) }
}
