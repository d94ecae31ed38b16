import { sql } from 'drizzle-orm'
import { type Db, rows } from '../sql.ts'

/** All verified metainfo by the CID of its bytes, one at a time and in bounded memory. */
export async function* readMetainfoBlobs(db: Db): AsyncGenerator<{ cid: string; bytes: Uint8Array }> {
  for (let after = ''; ; ) {
    const [row] = await rows<{ cid: string; bytes: Uint8Array }>(
      db,
      sql`SELECT cid, bytes FROM catalog.metainfo WHERE cid > ${after} ORDER BY cid LIMIT 1`,
    )
    if (!row) return
    yield row
    after = row.cid
  }
}
