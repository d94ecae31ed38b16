import { sql } from 'drizzle-orm'
import { anyIdOf, anyOf, type Db, rows, textArray } from '../../store/sql.ts'
import { believedSeeders } from '../named-addresses.ts'
import type { Touched } from './touched.ts'
import { refreshWanted } from './wanted-torrents.ts'

/** Recounts the visible torrents of touched datasets and of datasets that touched torrents name, their seeders and sizes. */
export async function refreshDatasetCounts(db: Db, touched: Touched): Promise<void> {
  const torrentIds = [...touched.torrents]
  const sizes = [
    torrentIds.length,
    touched.datasetUris.size,
    touched.supersededUris.size,
    touched.contents.size,
    touched.swarms.size,
  ]
  if (sizes.every((size) => size === 0)) return
  const recounted = await copySeeders(db, touched)
  const named = await datasetsNamedBy(db, [...torrentIds, ...recounted])
  const first = [...new Set([...touched.datasetUris, ...named])]
  if (first.length === 0 && torrentIds.length + touched.supersededUris.size === 0) return
  // Another transaction that counts at the same time waits here, and then sees what this one has committed.
  await lockDatasets(db, first)
  const others = await datasetsNamedBy(db, await refreshWanted(db, touched))
  await lockDatasets(db, others)
  await db.execute(sql`
    UPDATE catalog.dataset AS d SET torrent_count = n.torrents, seeders = n.seeders, size_bytes = n.size
    FROM (
      SELECT d.id, count(DISTINCT t.id)::int AS torrents, max(t.seeders) FILTER (WHERE t.wanted)::int AS seeders,
        coalesce(d.stated_bytes, (SELECT sum(c.size_bytes)::bigint FROM catalog.content c
          WHERE c.id = ANY (array_agg(t.content_id) FILTER (WHERE t.wanted AND t.metainfo_status = 'verified')))) AS size
      FROM catalog.dataset d
      LEFT JOIN catalog.torrent_dataset td ON td.dataset_uri = d.uri
      LEFT JOIN catalog.torrent t ON t.id = td.torrent_id AND t.visible
      WHERE d.uri = ${anyOf([...new Set([...first, ...others])])} GROUP BY d.id) n
    WHERE n.id = d.id AND (d.torrent_count, d.seeders, d.size_bytes) IS DISTINCT FROM (n.torrents, n.seeders, n.size)`)
}

async function datasetsNamedBy(db: Db, torrentIds: readonly number[]): Promise<string[]> {
  if (torrentIds.length === 0) return []
  const found = await rows<{ uri: string }>(
    db,
    sql`SELECT DISTINCT dataset_uri AS uri FROM catalog.torrent_dataset WHERE torrent_id = ${anyIdOf(torrentIds)}`,
  )
  return found.map((row) => row.uri)
}

async function lockDatasets(db: Db, uris: readonly string[]): Promise<void> {
  if (uris.length === 0) return
  await db.execute(
    sql`SELECT FROM catalog.dataset d WHERE d.uri = ${anyOf(uris)} ORDER BY d.id FOR NO KEY UPDATE`,
  )
}

/**
 * Copies the believed number of seeders to torrents, for sorting and filtering; it is the same for all records of a content.
 * Which trackers count can change without any of the torrents being written, when somebody names a tracker or the operator
 * lets an account in, so this follows every scrape too. Resolves with the torrents whose count changed.
 */
async function copySeeders(db: Db, { torrents, contents, swarms }: Touched): Promise<number[]> {
  if (torrents.size + contents.size + swarms.size === 0) return []
  const changed = await rows<{ id: number }>(
    db,
    sql`
    WITH named AS (
      SELECT coalesce(info_hash_v2, info_hash_v1) AS key FROM catalog.torrent WHERE id = ${anyIdOf([...torrents])}
      UNION
      SELECT coalesce(info_hash_v2, info_hash_v1) FROM catalog.content WHERE id = ${anyIdOf([...contents])}
      UNION
      SELECT unnest(${textArray([...swarms])})
    ), believed AS MATERIALIZED (
      SELECT key, ${believedSeeders(sql`named.key`)}::int AS seeders FROM named
    ), stale AS (
      SELECT t.id, b.seeders FROM believed b JOIN catalog.torrent t ON t.info_hash_v2 = b.key
      WHERE t.seeders IS DISTINCT FROM b.seeders
      UNION ALL
      SELECT t.id, b.seeders FROM believed b JOIN catalog.torrent t ON t.info_hash_v1 = b.key AND t.info_hash_v2 IS NULL
      WHERE t.seeders IS DISTINCT FROM b.seeders)
    UPDATE catalog.torrent AS t SET seeders = stale.seeders FROM stale WHERE stale.id = t.id
    RETURNING t.id`,
  )
  return changed.map((row) => row.id)
}
