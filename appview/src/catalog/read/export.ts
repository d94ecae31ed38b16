import { sql } from 'drizzle-orm'
import { type Db, rows, toInstant } from '../../store/sql.ts'
import { shown, shownContent } from '../shown.ts'
import { readMetainfoBytes } from './metainfo.ts'

export interface ExportedRecord {
  uri: string
  cid: string
  indexedAt: string
  record: Record<string, unknown>
}

const pageSize = 500

/** Yields every visible record (of one kind, such as `dataset`, if given) in order of URI, with bounded memory. */
export async function* exportRecords(db: Db, kind?: string): AsyncGenerator<ExportedRecord> {
  for (let after = ''; ; ) {
    const page = await rows<ExportedRecord & Record<string, unknown>>(
      db,
      sql`SELECT uri, cid, indexed_at AS "indexedAt", value AS record FROM catalog.record
          WHERE ${shown()} AND uri > ${after} ${kind === undefined ? sql`` : sql`AND kind = ${kind}`}
          ORDER BY uri LIMIT ${pageSize}`,
    )
    for (const row of page) yield { ...row, indexedAt: toInstant(row.indexedAt) }
    if (page.length < pageSize) return
    after = page.at(-1)!.uri
  }
}

export interface ExportedMetainfo {
  /** The v2 infohash if there is one, else the v1. */
  infoHash: string
  bytes: Uint8Array
}

/** Yields the `.torrent` of every announced content, one at a time. */
export async function* exportMetainfo(db: Db): AsyncGenerator<ExportedMetainfo> {
  for (let after = 0; ; ) {
    const [row] = await rows<{ id: number; infoHash: string; cid: string }>(
      db,
      sql`SELECT c.id, coalesce(c.info_hash_v2, c.info_hash_v1) AS "infoHash", m.cid
          FROM catalog.content c JOIN LATERAL (
            SELECT cid FROM catalog.metainfo WHERE content_id = c.id ORDER BY cid LIMIT 1) AS m ON true
          WHERE ${shownContent('c')} AND c.id > ${after} ORDER BY c.id LIMIT 1`,
    )
    if (!row) return
    const bytes = await readMetainfoBytes(db, row.cid)
    if (bytes) yield { infoHash: row.infoHash, bytes }
    after = row.id
  }
}
