import { sql } from 'drizzle-orm'
import { anyIdOf, type Db, rows } from '../../store/sql.ts'
import type { Touched } from './touched.ts'

/** Deletes contents that no torrent record names any more, with their files and metainfo. */
export async function dropOrphanContents(tx: Db, { contents }: Touched): Promise<void> {
  if (contents.size === 0) return
  const contentIds = [...contents]
  // Lock the contents first: another transaction may be verifying a torrent of one of them.
  await tx.execute(
    sql`SELECT FROM catalog.content c WHERE c.id = ${anyIdOf(contentIds)} ORDER BY c.id FOR UPDATE`,
  )
  const orphans = await rows<{ id: number }>(
    tx,
    sql`DELETE FROM catalog.content c WHERE c.id = ${anyIdOf(contentIds)}
        AND NOT EXISTS (SELECT FROM catalog.torrent t WHERE t.content_id = c.id) RETURNING c.id`,
  )
  const ids = anyIdOf(orphans.map((row) => row.id))
  if (orphans.length === 0) return
  await tx.execute(sql`DELETE FROM catalog.file WHERE content_id = ${ids}`)
  await tx.execute(sql`
    WITH gone AS (DELETE FROM catalog.metainfo WHERE content_id = ${ids} RETURNING cid),
      slices AS (DELETE FROM catalog.metainfo_slice s USING gone WHERE s.cid = gone.cid)
    DELETE FROM catalog.named_address n USING gone WHERE n.metainfo_cid = gone.cid AND n.metainfo_cid <> ''`)
}
