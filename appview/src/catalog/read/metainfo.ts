import { sql } from 'drizzle-orm'
import { type Db, rows } from '../../store/sql.ts'

/** How many bytes are read at once; decoding them takes 25 ms with PGlite and a few ms with PostgreSQL. */
const sliceBytes = 125_000

/** Reads the bytes of a verified `.torrent` in slices, so that a large one does not block others; undefined if it was deleted. */
export async function readMetainfoBytes(db: Db, cid: string): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const [row] = await rows<{ size: number }>(
    db,
    sql`SELECT octet_length(bytes) AS size FROM catalog.metainfo WHERE cid = ${cid}`,
  )
  if (!row) return undefined
  const bytes = new Uint8Array(row.size)
  for (let at = 0; at < row.size; at += sliceBytes) {
    const [slice] = await rows<{ bytes: Uint8Array }>(
      db,
      sql`SELECT substring(bytes FROM ${at + 1}::int FOR ${sliceBytes}::int) AS bytes
          FROM catalog.metainfo WHERE cid = ${cid}`,
    )
    if (!slice) return undefined
    bytes.set(slice.bytes, at)
    // Give way, because PGlite answers within the same turn of the event loop.
    await new Promise((resolve) => setImmediate(resolve))
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
    const [row] = await rows<{ cid: string; bytes: Uint8Array }>(
      db,
      sql`SELECT cid, bytes FROM catalog.metainfo WHERE cid > ${after} ORDER BY cid LIMIT 1`,
    )
    if (!row) return
    yield row
    after = row.cid
  }
}
