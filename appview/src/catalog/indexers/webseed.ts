import { sql } from 'drizzle-orm'
import { anyIdOf, recordset } from '../../store/sql.ts'
import { forgetNamings } from '../named-addresses.ts'
import type { Indexer } from './indexer.ts'

interface Webseed {
  subject: { infoHashV1?: string; infoHashV2?: string }
  url: string
  kind?: string
}

/** Indexes webseed records. They name content, not a torrent record, so they stay valid when a torrent record is deleted. */
export const webseedIndexer: Indexer = {
  async write(tx, records) {
    const input = records.map(({ id, value }) => {
      const { subject, url, kind } = value as unknown as Webseed
      return {
        id,
        v1: subject.infoHashV1?.toLowerCase() ?? null,
        v2: subject.infoHashV2?.toLowerCase() ?? null,
        url,
        seedKind: kind ?? 'bep19',
      }
    })
    await tx.execute(sql`
      INSERT INTO catalog.webseed (id, did, info_hash_v1, info_hash_v2, url, kind, visible, created_at)
      SELECT r.id, r.did, v1, v2, url, "seedKind", r.visible, r.created_at
      FROM ${recordset(input, 'id bigint, v1 text, v2 text, url text, "seedKind" text')} JOIN catalog.record r USING (id)`)
  },
  async remove(tx, ids) {
    await forgetNamings(tx, ids)
    await tx.execute(sql`DELETE FROM catalog.webseed WHERE id = ${anyIdOf(ids)}`)
  },
}
