import { sql } from 'drizzle-orm'
import { anyOf, type Db, rows } from '../store/sql.ts'
import type { Touched } from './derive/touched.ts'
import { indexers } from './indexers/indexers.ts'

/** Deletes records with their projections, and adds to `touched` what depends on them. */
export async function removeRecords(tx: Db, uris: readonly string[], touched: Touched): Promise<void> {
  if (uris.length === 0) return
  const gone = await rows<{ id: number; uri: string; kind: string; visible: boolean }>(
    tx,
    sql`DELETE FROM catalog.record WHERE uri = ${anyOf(uris)} RETURNING id, uri, kind, visible`,
  )
  await removeProjections(tx, gone, touched)
  touched.removed.push(...gone.filter((row) => row.visible))
}

/** Deletes the projections of these records, and adds to `touched` what they pointed at. */
export async function removeProjections(
  tx: Db,
  gone: readonly { id: number; kind: string }[],
  touched: Touched,
): Promise<void> {
  for (const [kind, indexer] of Object.entries(indexers)) {
    const ids = gone.filter((row) => row.kind === kind).map((row) => row.id)
    if (ids.length > 0) await indexer.remove(tx, ids, touched)
  }
}
