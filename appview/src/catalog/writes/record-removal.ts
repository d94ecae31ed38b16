import { sql } from 'drizzle-orm'
import { appendRecordChanges } from '../changes.ts'
import { indexers } from '../indexers/indexers.ts'
import { anyOf, type Db, rows } from '../sql.ts'
import { refreshAnnounced } from '../visibility.ts'
import { dropOrphanContents } from './content-writes.ts'
import { forgetDatasetChanges, noteDatasetChanges } from './dataset-changes.ts'
import { refreshDatasetCounts } from './dataset-counts.ts'

/** What a removed projection pointed at, whose derived values must be computed anew. */
export interface Removed {
  contentIds: number[]
  datasetUris: string[]
}

/** Deletes records with all that is derived from them, and tells the live streams of those that were visible. */
export async function removeRecords(tx: Db, uris: readonly string[]): Promise<void> {
  if (uris.length === 0) return
  const gone = await rows<{ id: number; uri: string; kind: string; visible: boolean }>(
    tx,
    sql`DELETE FROM catalog.record WHERE uri = ${anyOf(uris)} RETURNING id, uri, kind, visible`,
  )
  const removed = await removeProjections(tx, gone)
  await settleRemoved(tx, removed)
  await appendRecordChanges(
    tx,
    gone
      .filter((row) => row.visible)
      .map((row) => ({ action: 'delete', kind: row.kind, uri: row.uri, cid: null })),
  )
}

/** Computes anew what depended on removed projections: the allow-list, contents that nobody names, counts. */
export async function settleRemoved(tx: Db, removed: Removed): Promise<void> {
  if (removed.contentIds.length > 0) {
    await refreshAnnounced(tx, { contentIds: removed.contentIds })
    await dropOrphanContents(tx, removed.contentIds)
  }
  await refreshDatasetCounts(tx, { datasetUris: removed.datasetUris })
  await noteDatasetChanges(tx, { uris: removed.datasetUris })
}

/** Removes the rows derived from these records, and says what they pointed at. */
export async function removeProjections(
  tx: Db,
  gone: readonly { id: number; kind: string }[],
): Promise<Removed> {
  const removed: Removed = { contentIds: [], datasetUris: [] }
  for (const [kind, indexer] of Object.entries(indexers)) {
    const ids = gone.filter((row) => row.kind === kind).map((row) => row.id)
    if (ids.length === 0) continue
    const left = await indexer.remove(tx, ids)
    removed.contentIds.push(...(left.contentIds ?? []))
    removed.datasetUris.push(...(left.datasetUris ?? []))
    if (kind === 'dataset') await forgetDatasetChanges(tx, ids)
  }
  return removed
}

/** Removes an account's every record: it was deleted upstream, and nothing of it may stay. */
export async function purgeRepo(tx: Db, did: string): Promise<void> {
  const held = await rows<{ uri: string }>(tx, sql`SELECT uri FROM catalog.record WHERE did = ${did}`)
  const uris = held.map((row) => row.uri)
  await removeRecords(tx, uris)
  await tx.execute(sql`DELETE FROM local.first_seen WHERE uri = ${anyOf(uris)}`)
  await tx.execute(sql`DELETE FROM catalog.repo WHERE did = ${did}`)
}
