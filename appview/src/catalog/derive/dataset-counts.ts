import { sql } from 'drizzle-orm'
import { anyIdOf, anyOf, type Db, rows, textArray } from '../../store/sql.ts'
import { believedSeeders } from '../named-addresses.ts'
import { noteRecounts, torrentsAtOnce } from './recount-notes.ts'
import type { Touched } from './touched.ts'
import { refreshWanted } from './wanted-torrents.ts'

/**
 * Recounts the visible torrents of touched datasets and of datasets that touched torrents name, their seeders and sizes.
 * What more than a few torrents share is only noted, and is counted soon after (`catalog/recounts.ts`): otherwise each of
 * many torrents that name many datasets would count all of them.
 */
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
  const { none, few, many } = await byTorrents(db, [...touched.datasetUris])
  // Nothing about torrents is to be derived for a dataset that was just written and that none names, here or later.
  for (const uri of none) if (touched.writtenDatasetUris.has(uri)) touched.datasetUris.delete(uri)
  // Notes of one kind are written before any dataset is locked and those of the other after, here and in `recounts.ts`, so
  // that no two transactions wait for each other.
  await noteRecounts(db, 'wanted', many)
  const first = [
    ...new Set([...touched.datasetUris, ...(await datasetsNamedBy(db, [...torrentIds, ...recounted]))]),
  ]
  if (first.length === 0 && torrentIds.length + touched.supersededUris.size === 0) return
  // Another transaction that counts at the same time waits here, and then sees what this one has committed.
  await lockDatasets(db, first)
  const others = await datasetsNamedBy(db, await refreshWanted(db, touched, few))
  await countTorrents(db, { locked: first, others })
}

/** Counts the torrents of these datasets, or notes that they are to be counted. */
export async function countTorrents(
  db: Db,
  { locked, others }: { locked: readonly string[]; others: readonly string[] },
): Promise<void> {
  await lockDatasets(db, others)
  const { none, few, many } = await byTorrents(db, [...new Set([...locked, ...others])])
  await noteRecounts(db, 'counts', many)
  await countNow(db, [...none, ...few])
}

/** Counts the torrents of these datasets, however many there are. The datasets must be locked. */
export async function countNow(db: Db, uris: readonly string[]): Promise<void> {
  if (uris.length === 0) return
  await db.execute(sql`
    UPDATE catalog.dataset AS d SET torrent_count = n.torrents, seeders = n.seeders, size_bytes = n.size
    FROM (
      SELECT d.id, count(DISTINCT t.id)::int AS torrents, max(t.seeders) FILTER (WHERE t.wanted)::int AS seeders,
        coalesce(d.stated_bytes, (SELECT sum(c.size_bytes)::bigint FROM catalog.content c
          WHERE c.id = ANY (array_agg(t.content_id) FILTER (WHERE t.wanted AND t.metainfo_status = 'verified')))) AS size
      FROM catalog.dataset d
      LEFT JOIN catalog.torrent_dataset td ON td.dataset_uri = d.uri
      LEFT JOIN catalog.torrent t ON t.id = td.torrent_id AND t.visible
      WHERE d.uri = ${anyOf(uris)} GROUP BY d.id) n
    WHERE n.id = d.id AND (d.torrent_count, d.seeders, d.size_bytes) IS DISTINCT FROM (n.torrents, n.seeders, n.size)`)
}

interface ByTorrents {
  none: string[]
  few: string[]
  many: string[]
}

/**
 * Which of these datasets are named by no torrent, by few, and by too many to go through at once. In the order of an index,
 * so that no more of it is read than is looked at.
 */
async function byTorrents(db: Db, uris: readonly string[]): Promise<ByTorrents> {
  if (uris.length === 0) return { none: [], few: [], many: [] }
  const found = await rows<{ uri: string; isMany: boolean }>(
    db,
    sql`SELECT uri, EXISTS (
        SELECT FROM catalog.torrent_dataset td WHERE td.dataset_uri = uri COLLATE "C"
        ORDER BY td.torrent_id OFFSET ${torrentsAtOnce}) AS "isMany"
      FROM unnest(${textArray(uris)}) AS uri
      WHERE EXISTS (SELECT FROM catalog.torrent_dataset td WHERE td.dataset_uri = uri COLLATE "C" OFFSET 0)`,
  )
  const isMany = new Map(found.map((row) => [row.uri, row.isMany]))
  return {
    none: uris.filter((uri) => !isMany.has(uri)),
    few: uris.filter((uri) => isMany.get(uri) === false),
    many: uris.filter((uri) => isMany.get(uri) === true),
  }
}

export async function datasetsNamedBy(db: Db, torrentIds: readonly number[]): Promise<string[]> {
  if (torrentIds.length === 0) return []
  const found = await rows<{ uri: string }>(
    db,
    sql`SELECT DISTINCT dataset_uri AS uri FROM catalog.torrent_dataset WHERE torrent_id = ${anyIdOf(torrentIds)}`,
  )
  return found.map((row) => row.uri)
}

export async function lockDatasets(db: Db, uris: readonly string[]): Promise<void> {
  if (uris.length === 0) return
  await db.execute(
    sql`SELECT FROM catalog.dataset d WHERE d.uri = ${anyOf(uris)} ORDER BY d.id FOR NO KEY UPDATE`,
  )
}

/**
 * Copies the believed number of seeders to torrents, for sorting and filtering; it is the same for all records of a content.
 * Which trackers count can change without any of the torrents being written, when somebody names a tracker or the operator
 * lets an account in, so this follows every scrape too. Of a content with many torrents only the touched ones are written
 * at once. Resolves with the torrents whose count changed.
 */
async function copySeeders(db: Db, { torrents, contents, swarms }: Touched): Promise<number[]> {
  if (torrents.size + contents.size + swarms.size === 0) return []
  const ids = anyIdOf([...torrents])
  const named = sql`
    SELECT coalesce(info_hash_v2, info_hash_v1) AS key FROM catalog.torrent WHERE id = ${ids}
    UNION
    SELECT coalesce(info_hash_v2, info_hash_v1) FROM catalog.content WHERE id = ${anyIdOf([...contents])}
    UNION
    SELECT unnest(${textArray([...swarms])})`
  const shared = await rows<{ key: string }>(
    db,
    sql`SELECT key FROM (${named}) AS named WHERE EXISTS (
        SELECT FROM catalog.torrent t WHERE t.info_hash_v2 = key ORDER BY t.id OFFSET ${torrentsAtOnce})
      OR EXISTS (
        SELECT FROM catalog.torrent t WHERE t.info_hash_v1 = key AND t.info_hash_v2 IS NULL ORDER BY t.id OFFSET ${torrentsAtOnce})`,
  )
  await noteRecounts(
    db,
    'seeders',
    shared.map(({ key }) => key),
  )
  const changed = await rows<{ id: number }>(
    db,
    sql`
    WITH believed AS MATERIALIZED (
      SELECT key, ${believedSeeders(sql`named.key`)}::int AS seeders FROM (${named}) AS named
    ), its AS (
      SELECT near.id, b.seeders FROM believed b CROSS JOIN LATERAL (
        (SELECT t.id FROM catalog.torrent t WHERE t.info_hash_v2 = b.key ORDER BY t.id LIMIT ${torrentsAtOnce})
        UNION ALL
        (SELECT t.id FROM catalog.torrent t WHERE t.info_hash_v1 = b.key AND t.info_hash_v2 IS NULL ORDER BY t.id LIMIT ${torrentsAtOnce})
      ) AS near
      UNION
      SELECT t.id, b.seeders FROM catalog.torrent t JOIN believed b ON b.key = coalesce(t.info_hash_v2, t.info_hash_v1)
      WHERE t.id = ${ids})
    UPDATE catalog.torrent AS t SET seeders = its.seeders FROM its
    WHERE its.id = t.id AND t.seeders IS DISTINCT FROM its.seeders
    RETURNING t.id`,
  )
  return changed.map((row) => row.id)
}

/** Copies the believed number of seeders of a content to these torrents. Resolves with those whose count changed. */
export async function copySeedersTo(db: Db, key: string, torrentIds: readonly number[]): Promise<number[]> {
  const changed = await rows<{ id: number }>(
    db,
    sql`
    WITH believed AS MATERIALIZED (
      SELECT ${believedSeeders(sql`named.key`)}::int AS seeders FROM (SELECT ${key}::text AS key) AS named)
    UPDATE catalog.torrent AS t SET seeders = b.seeders FROM believed b
    WHERE t.id = ${anyIdOf(torrentIds)} AND t.seeders IS DISTINCT FROM b.seeders RETURNING t.id`,
  )
  return changed.map((row) => row.id)
}
