import { sql } from 'drizzle-orm'
import { type Db, textArray } from '../../store/sql.ts'

/** More torrents than this of one content or dataset are gone through later, and not by each transaction that touches one. */
export const torrentsAtOnce = 50

export type RecountKind = 'seeders' | 'wanted' | 'counts'

/**
 * Notes what `catalog/recounts.ts` is to derive. A subject that is noted already keeps its place, and is gone through once
 * more if it has been begun.
 */
export async function noteRecounts(db: Db, kind: RecountKind, subjects: readonly string[]): Promise<void> {
  if (subjects.length === 0) return
  // The row is locked even if nothing changes, so that it is not done and deleted before this transaction is committed.
  await db.execute(sql`
    INSERT INTO catalog.recount AS r (kind, subject)
    SELECT ${kind}, subject FROM unnest(${textArray(subjects)}) AS subject ORDER BY subject
    ON CONFLICT (kind, subject) DO UPDATE SET again = r.after_id > 0`)
}
