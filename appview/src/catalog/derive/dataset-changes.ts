import { sql } from 'drizzle-orm'
import { anyIdOf, type Db, textArray } from '../../store/sql.ts'
import type { Touched } from './touched.ts'

/**
 * Notes that torrents of visible datasets were written, removed, shown or hidden. Changes of a dataset itself are noted by
 * the trigger `note_dataset_changes`.
 */
export async function noteTorrentChanges(tx: Db, { torrents, datasetUris }: Touched): Promise<void> {
  if (torrents.size === 0 && datasetUris.size === 0) return
  await tx.execute(sql`
    INSERT INTO catalog.dataset_change (dataset_id, changed_at)
    SELECT d.id, now() FROM catalog.dataset d WHERE d.visible AND d.uri IN (
      SELECT dataset_uri FROM catalog.torrent_dataset WHERE torrent_id = ${anyIdOf([...torrents])}
      UNION ALL SELECT unnest(${textArray([...datasetUris])}))
    ON CONFLICT (dataset_id) DO UPDATE SET changed_at = excluded.changed_at`)
}
