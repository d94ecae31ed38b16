import { sql } from 'drizzle-orm'
import { anyIdOf, recordset } from '../../store/sql.ts'
import type { Indexer } from './indexer.ts'

/** Indexes profiles: the record with the key `self`, in which an account says who it is. */
export const profileIndexer: Indexer = {
  async write(tx, records) {
    const input = records.map(({ id, value }) => ({
      id,
      displayName: value.displayName ?? null,
      profileKind: value.kind ?? null,
    }))
    await tx.execute(sql`
      INSERT INTO catalog.profile (did, id, display_name, kind, visible)
      SELECT r.did, r.id, "displayName", "profileKind", r.visible
      FROM ${recordset(input, 'id bigint, "displayName" text, "profileKind" text')} JOIN catalog.record r USING (id)
      ON CONFLICT (did) DO UPDATE SET id = excluded.id, display_name = excluded.display_name,
        kind = excluded.kind, visible = excluded.visible`)
  },
  async remove(tx, ids) {
    await tx.execute(sql`DELETE FROM catalog.profile WHERE id = ${anyIdOf(ids)}`)
  },
}
