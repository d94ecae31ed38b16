import { sql } from 'drizzle-orm'
import { type Db, rows } from '../../store/sql.ts'

/** How many bytes are read at once; a multiple of 3, so that base64 has no padding. */
const sliceBytes = 480_000

/** Reads the bytes of a verified `.torrent` in slices, so that a large one does not block others; undefined if it was deleted. */
export async function readMetainfoBytes(db: Db, cid: string): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const [row] = await rows<{ size: number }>(
    db,
    sql`SELECT octet_length(bytes) AS size FROM catalog.metainfo WHERE cid = ${cid}`,
  )
  if (!row) return undefined
  const bytes = new Uint8Array(row.size)
  for (let at = 0; at < row.size; at += sliceBytes) {
    // As base64, because PGlite takes ten times as long to decode bytes as hexadecimal text.
    const [slice] = await rows<{ base64: string }>(
      db,
      sql`SELECT encode(substring(bytes FROM ${at + 1}::int FOR ${sliceBytes}::int), 'base64') AS base64
          FROM catalog.metainfo WHERE cid = ${cid}`,
    )
    if (!slice) return undefined
    bytes.set(Buffer.from(slice.base64, 'base64'), at)
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
