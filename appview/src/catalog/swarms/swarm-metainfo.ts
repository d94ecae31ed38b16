import { sql } from 'drizzle-orm'
import { type Db, rows } from '../sql.ts'

/** A `.torrent` of the content with this `swarmKey`; undefined where it has gone. */
export async function readMetainfoOf(db: Db, infoHash: string): Promise<Uint8Array | undefined> {
  const [row] = await rows<{ bytes: Uint8Array }>(
    db,
    sql`SELECT m.bytes FROM catalog.metainfo m JOIN catalog.content c ON c.id = m.content_id
        WHERE c.info_hash_v2 = ${infoHash} OR (c.info_hash_v1 = ${infoHash} AND c.info_hash_v2 IS NULL) LIMIT 1`,
  )
  return row?.bytes
}
