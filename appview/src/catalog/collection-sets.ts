import { sql } from 'drizzle-orm'
import { anyOf, type Db, rows, textArray } from '../store/sql.ts'

/**
 * Makes these collections the present set. If they were not that before, as after an upgrade that reads another kind of
 * record, hosts whose repositories were listed regardless of collections are listed again.
 */
export async function useCollections(db: Db, nsids: readonly string[]): Promise<void> {
  const sorted = [...nsids].sort()
  await db.transaction(async (tx) => {
    const [present] = await rows<{ same: boolean }>(
      tx,
      sql`SELECT nsids = ${textArray(sorted)} AS same FROM catalog.collection_set ORDER BY since DESC LIMIT 1`,
    )
    if (present?.same) return
    await tx.execute(sql`
      INSERT INTO catalog.collection_set (nsids, since) VALUES (${textArray(sorted)}, clock_timestamp())
      ON CONFLICT (nsids) DO UPDATE SET since = excluded.since`)
    await tx.execute(sql`DELETE FROM catalog.backfill WHERE collection = '*'`)
  })
}

/** The id of the present set of collections, for the repositories that are read now. */
export const presentSet = sql`(SELECT id FROM catalog.collection_set ORDER BY since DESC LIMIT 1)`

/** Which of these repositories were read before one of these collections was: they may contain records that nobody has read. */
export async function findReadBefore(
  db: Db,
  dids: readonly string[],
  nsids: readonly string[],
): Promise<Set<string>> {
  if (dids.length === 0) return new Set()
  const found = await rows<{ did: string }>(
    db,
    sql`SELECT r.did FROM catalog.repo r LEFT JOIN catalog.collection_set s ON s.id = r.collection_set
        WHERE r.did = ${anyOf(dids)} AND r.state = 'synchronized'
          AND (s.nsids IS NULL OR NOT s.nsids @> ${textArray(nsids)})`,
  )
  return new Set(found.map((row) => row.did))
}
