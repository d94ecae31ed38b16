import { sql } from 'drizzle-orm'
import { anyIdOf, anyOf, type Db } from '../sql.ts'

/** Recounts the visible torrents of the datasets that these torrents name, or of these datasets. */
export async function refreshDatasetCounts(
  db: Db,
  scope: { torrentIds: readonly number[] } | { datasetUris: readonly string[] },
): Promise<void> {
  const size = 'torrentIds' in scope ? scope.torrentIds.length : scope.datasetUris.length
  if (size === 0) return
  if ('torrentIds' in scope) await copySeeders(db, scope.torrentIds)
  const inScope =
    'torrentIds' in scope
      ? sql`d.uri IN (SELECT dataset_uri FROM catalog.torrent_dataset WHERE torrent_id = ${anyIdOf(scope.torrentIds)})`
      : sql`d.uri = ${anyOf(scope.datasetUris)}`
  await db.execute(sql`
    UPDATE catalog.dataset AS d SET torrent_count = n.torrents, seeders = n.seeders
    FROM (
      SELECT d.id, count(DISTINCT t.id)::int AS torrents, max(s.seeders)::int AS seeders
      FROM catalog.dataset d
      LEFT JOIN catalog.torrent_dataset td ON td.dataset_uri = d.uri
      LEFT JOIN catalog.torrent t ON t.id = td.torrent_id AND t.visible
      LEFT JOIN local.swarm s ON s.info_hash = coalesce(t.info_hash_v2, t.info_hash_v1)
      WHERE ${inScope} GROUP BY d.id) n
    WHERE n.id = d.id AND (d.torrent_count, d.seeders) IS DISTINCT FROM (n.torrents, n.seeders)`)
}

/** Torrents are sorted and filtered by what the swarm room last counted. */
async function copySeeders(db: Db, torrentIds: readonly number[]): Promise<void> {
  await db.execute(sql`
    UPDATE catalog.torrent AS t SET seeders = n.seeders
    FROM (
      SELECT t.id, max(s.seeders)::int AS seeders
      FROM catalog.torrent t LEFT JOIN local.swarm s ON s.info_hash = coalesce(t.info_hash_v2, t.info_hash_v1)
      WHERE t.id = ${anyIdOf(torrentIds)} GROUP BY t.id) n
    WHERE n.id = t.id AND t.seeders IS DISTINCT FROM n.seeders`)
}
