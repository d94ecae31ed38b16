import { sql } from 'drizzle-orm'
import { type Db, rows } from '../../store/sql.ts'
import { metainfoSliceBytes } from '../metainfo-slices.ts'

/** Reads the bytes of a verified `.torrent` in slices, so that a large one does not block others; undefined if it was deleted. */
export async function readMetainfoBytes(db: Db, cid: string): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const [row] = await rows<{ size: number | string }>(
    db,
    sql`SELECT size_bytes AS size FROM catalog.metainfo WHERE cid = ${cid}`,
  )
  if (!row) return undefined
  const bytes = new Uint8Array(Number(row.size))
  for (let position = 0; position * metainfoSliceBytes < bytes.length; position++) {
    const [slice] = await rows<{ bytes: Uint8Array }>(
      db,
      sql`SELECT bytes FROM catalog.metainfo_slice WHERE cid = ${cid} AND position = ${position}::int`,
    )
    if (!slice) return undefined
    bytes.set(slice.bytes, position * metainfoSliceBytes)
  }
  return bytes
}

/** Reads a `.torrent` of the content with this `swarmKey`; undefined if it was deleted. */
export async function readMetainfoOf(db: Db, infoHash: string): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const [row] = await rows<{ cid: string }>(
    db,
    sql`SELECT m.cid FROM catalog.metainfo m JOIN catalog.content c ON c.id = m.content_id
        WHERE c.info_hash_v2 = ${infoHash} OR (c.info_hash_v1 = ${infoHash} AND c.info_hash_v2 IS NULL) LIMIT 1`,
  )
  return row && readMetainfoBytes(db, row.cid)
}

/** Yields all verified metainfo with the CID of its bytes, one at a time, with bounded memory. */
export async function* readMetainfoBlobs(db: Db): AsyncGenerator<{ cid: string; bytes: Uint8Array }> {
  for (let after = ''; ; ) {
    const [row] = await rows<{ cid: string }>(
      db,
      sql`SELECT cid FROM catalog.metainfo WHERE cid > ${after} ORDER BY cid LIMIT 1`,
    )
    if (!row) return
    const bytes = await readMetainfoBytes(db, row.cid)
    if (bytes) yield { cid: row.cid, bytes }
    after = row.cid
  }
}
