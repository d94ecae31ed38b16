import { sql } from 'drizzle-orm'
import { anyIdOf, anyOf, type Db } from '../sql.ts'

/** These datasets, those that these torrents name, or those under these URIs. */
type Scope =
  | { datasetIds: readonly number[] }
  | { torrentIds: readonly number[] }
  | { uris: readonly string[] }

/** Notes that what is shown of datasets changed with this transaction; of those that are not visible nothing is noted. */
export async function noteDatasetChanges(tx: Db, scope: Scope): Promise<void> {
  if (Object.values(scope).every((names) => names.length === 0)) return
  await tx.execute(sql`
    WITH touched AS (SELECT d.id, d.visible FROM catalog.dataset d WHERE ${inScope(scope)}),
    hidden AS (
      DELETE FROM catalog.dataset_change WHERE dataset_id IN (SELECT id FROM touched WHERE NOT visible))
    INSERT INTO catalog.dataset_change (dataset_id, changed_at) SELECT id, now() FROM touched WHERE visible
    ON CONFLICT (dataset_id) DO UPDATE SET changed_at = excluded.changed_at`)
}

/** Forgets datasets whose rows are gone. */
export async function forgetDatasetChanges(tx: Db, datasetIds: readonly number[]): Promise<void> {
  if (datasetIds.length === 0) return
  await tx.execute(sql`DELETE FROM catalog.dataset_change WHERE dataset_id = ${anyIdOf(datasetIds)}`)
}

function inScope(scope: Scope) {
  if ('datasetIds' in scope) return sql`d.id = ${anyIdOf(scope.datasetIds)}`
  if ('uris' in scope) return sql`d.uri = ${anyOf(scope.uris)}`
  return sql`d.uri IN (SELECT dataset_uri FROM catalog.torrent_dataset WHERE torrent_id = ${anyIdOf(scope.torrentIds)})`
}
