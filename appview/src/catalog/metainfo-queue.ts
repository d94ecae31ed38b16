/**
 * Torrent rows whose metainfo is still to be fetched and verified. A row commits as `pending` with its cursor;
 * whoever fetches reports one of four outcomes here, each in one transaction with the flags that follow from it.
 */
import { sql } from 'drizzle-orm'
import { extendAdmissions } from './admission-writes.ts'
import { type ContentFacts, storeContent } from './content-writes.ts'

export { pendingChannel } from './indexers/torrent.ts'

import { refreshTorrentCodes } from './search/torrent-terms.ts'
import { anyIdOf, anyOf, type Db, recordset, rows, toInstant } from './sql.ts'
import { refreshVisibility } from './visibility.ts'

/** A torrent record whose metainfo is due. */
export interface PendingTorrent {
  id: number
  did: string
  uri: string
  cid: string
  pdsHost: string | null
  value: Record<string, unknown>
  tries: number
  /** Since when it is pending, as an instant: the retries end seven days later. */
  pendingSince: string
}

export type MetainfoOutcome =
  | {
      id: number
      cid: string
      status: 'verified'
      facts: ContentFacts
      metainfo: { cid: string; bytes: Uint8Array }
      warnings: readonly string[]
    }
  /** The network's fault for good: the record is rejected with this reason. */
  | { id: number; cid: string; status: 'mismatch' | 'unavailable'; reason: string; detail: string }
  /** Try again later. */
  | { id: number; cid: string; status: 'retry'; error: string; nextTryAt: Date }

export interface DueOptions {
  limit: number
  /** Torrents, by id, that are in hand already. */
  except: readonly number[]
  /** Accounts and PDS hosts that have as much in hand as they may. */
  exceptDids?: readonly string[]
  exceptHosts?: readonly string[]
}

/** Due torrents, longest waiting first, leaving out accounts that are not active. */
export async function readDueTorrents(db: Db, options: DueOptions): Promise<PendingTorrent[]> {
  const found = await rows<PendingTorrent & Record<string, unknown>>(
    db,
    sql`
    SELECT t.id, t.did, t.uri, r.cid, a.pds_host AS "pdsHost", r.value, t.tries, t.pending_since AS "pendingSince"
    FROM catalog.torrent t JOIN catalog.record r USING (id) LEFT JOIN catalog.account a ON a.did = t.did
    WHERE t.metainfo_status = 'pending' AND t.next_try_at <= now() AND coalesce(a.active, true)
      AND NOT (t.id = ${anyIdOf(options.except)}) AND NOT (t.did = ${anyOf(options.exceptDids ?? [])})
      AND NOT coalesce(a.pds_host = ${anyOf(options.exceptHosts ?? [])}, false)
    ORDER BY t.next_try_at LIMIT ${options.limit}`,
  )
  return found.map((row) => ({ ...row, pendingSince: toInstant(row.pendingSince) }))
}

/** When the next pending torrent falls due, as an instant; undefined when none waits. */
export async function readNextTorrentDue(db: Db): Promise<string | undefined> {
  const [row] = await rows<{ at: string | null }>(
    db,
    sql`SELECT min(next_try_at) AS at FROM catalog.torrent WHERE metainfo_status = 'pending'`,
  )
  return row?.at ? toInstant(row.at) : undefined
}

/** Writes outcomes in one transaction. An outcome about a record that has changed since is dropped. */
export async function writeMetainfoOutcomes(db: Db, outcomes: readonly MetainfoOutcome[]): Promise<void> {
  if (outcomes.length === 0) return
  await db.transaction(async (tx) => {
    const current = await lockCurrent(tx, outcomes)
    const fresh = outcomes.filter((outcome) => current.has(`${outcome.id} ${outcome.cid}`))
    await writeRetries(
      tx,
      fresh.flatMap((outcome) => (outcome.status === 'retry' ? [outcome] : [])),
    )
    await writeRejections(
      tx,
      fresh.flatMap((o) => (o.status === 'mismatch' || o.status === 'unavailable' ? [o] : [])),
    )
    for (const outcome of fresh) if (outcome.status === 'verified') await writeVerified(tx, outcome)
    const settled = fresh.filter((outcome) => outcome.status !== 'retry').map((outcome) => outcome.id)
    await refreshVisibility(
      tx,
      { ids: settled },
      settled.map((id) => ({ id, kind: 'torrent' })),
    )
  })
}

async function lockCurrent(tx: Db, outcomes: readonly MetainfoOutcome[]): Promise<Set<string>> {
  const found = await rows<{ id: number; cid: string }>(
    tx,
    sql`SELECT id, cid FROM catalog.record WHERE id = ${anyIdOf(outcomes.map((outcome) => outcome.id))} FOR UPDATE`,
  )
  return new Set(found.map((row) => `${row.id} ${row.cid}`))
}

async function writeRetries(
  tx: Db,
  retries: readonly Extract<MetainfoOutcome, { status: 'retry' }>[],
): Promise<void> {
  if (retries.length === 0) return
  await tx.execute(sql`
    UPDATE catalog.torrent AS t SET tries = t.tries + 1, next_try_at = input."nextTryAt", error = input.error
    FROM ${recordset(
      retries.map(({ id, error, nextTryAt }) => ({ id, error, nextTryAt: nextTryAt.toISOString() })),
      'id bigint, error text, "nextTryAt" timestamptz',
    )} WHERE t.id = input.id`)
}

async function writeRejections(
  tx: Db,
  rejections: readonly Extract<MetainfoOutcome, { reason: string }>[],
): Promise<void> {
  for (const { id, status, reason, detail } of rejections) {
    await tx.execute(sql`
      UPDATE catalog.torrent SET metainfo_status = ${status}, next_try_at = NULL, pending_since = NULL, error = ${detail}
      WHERE id = ${id}`)
    await tx.execute(
      sql`UPDATE catalog.record SET reason = ${reason}, reason_detail = ${detail} WHERE id = ${id}`,
    )
  }
}

async function writeVerified(
  tx: Db,
  outcome: Extract<MetainfoOutcome, { status: 'verified' }>,
): Promise<void> {
  const { facts } = outcome
  const contentId = await storeContent(tx, facts, outcome.metainfo)
  await tx.execute(sql`
    UPDATE catalog.torrent SET metainfo_status = 'verified', content_id = ${contentId}, metainfo_cid = ${outcome.metainfo.cid},
      info_hash_v1 = ${facts.infoHashV1}, info_hash_v2 = ${facts.infoHashV2}, size_bytes = ${facts.sizeBytes},
      next_try_at = NULL, pending_since = NULL, error = NULL
    WHERE id = ${outcome.id}`)
  await refreshTorrentCodes(tx, [outcome.id])
  await tx.execute(sql`
    UPDATE catalog.record SET warnings = (
      SELECT coalesce(jsonb_agg(DISTINCT w), '[]') FROM jsonb_array_elements(
        warnings || ${JSON.stringify(outcome.warnings)}::text::jsonb) AS w)
    WHERE id = ${outcome.id}`)
  await extendAdmissions(
    tx,
    [facts.infoHashV1, facts.infoHashV2].filter((hash) => hash !== null),
  )
}
