/** Which contents are announced to trackers (invariant 5): those that a visible torrent with verified metainfo names. */
import { sql } from 'drizzle-orm'
import { anyIdOf, type Db, idArray, rows } from '../../store/sql.ts'
import { shown } from '../shown.ts'
import { appendInfoHashChanges, type InfoHashChange } from './streams.ts'
import type { Touched } from './touched.ts'

/**
 * Recomputes which of the contents that touched torrents name or named are announced, and appends changes to the stream.
 */
export async function refreshAnnounced(db: Db, touched: Touched): Promise<void> {
  if (touched.torrents.size === 0 && touched.contents.size === 0) return
  const ids = await lockContents(db, touched)
  if (ids.length === 0) return
  const changed = await rows<{ v1: string | null; v2: string | null; announced: boolean }>(
    db,
    sql`
    WITH wanted AS (
      SELECT c.id, EXISTS (
        SELECT FROM catalog.torrent t
        WHERE t.content_id = c.id AND ${shown('t')} AND t.metainfo_status = 'verified') AS announced
      FROM catalog.content c WHERE c.id = ${anyIdOf(ids)})
    UPDATE catalog.content AS c SET announced = w.announced FROM wanted w
    WHERE w.id = c.id AND c.announced <> w.announced
    RETURNING c.info_hash_v1 AS v1, c.info_hash_v2 AS v2, c.announced`,
  )
  await appendInfoHashChanges(
    db,
    changed.map(
      (row): InfoHashChange => ({
        action: row.announced ? 'add' : 'remove',
        infoHashV1: row.v1,
        infoHashV2: row.v2,
      }),
    ),
  )
}

/**
 * Locks contents and those that torrents name, in order of id, and returns their ids. Two transactions may write torrents of one content at the same time without seeing each other's rows; the
 * second waits here, and then sees what the first has committed.
 */
export async function lockContents(
  db: Db,
  { torrents, contents }: { torrents: Iterable<number>; contents: Iterable<number> },
): Promise<number[]> {
  // A UNION, because with `OR` PostgreSQL would read every content.
  const locked = await rows<{ id: number }>(
    db,
    sql`SELECT c.id FROM catalog.content c WHERE c.id IN (
      SELECT content_id FROM catalog.torrent WHERE id = ${anyIdOf([...torrents])}
      UNION SELECT unnest(${idArray([...contents])})) ORDER BY c.id FOR NO KEY UPDATE`,
  )
  return locked.map((row) => row.id)
}
