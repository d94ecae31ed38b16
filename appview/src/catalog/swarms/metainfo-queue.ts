/**
 * Torrent rows whose metainfo is still to be fetched and verified. A row commits as `pending` with its cursor;
 * whoever fetches reports one of four outcomes here, each in one transaction with the flags that follow from it.
 */
import { sql } from 'drizzle-orm'
import { extendAdmissions } from '../writes/admission-writes.ts'
import { storeContents, type VerifiedMetainfo } from '../writes/content-writes.ts'

export { pendingChannel } from '../indexers/torrent.ts'

import { refreshTorrentCodes } from '../search/terms/torrent-terms.ts'
import { anyIdOf, anyOf, type Db, recordset, rows, toInstant } from '../sql.ts'
import { refreshVisibility } from '../visibility.ts'

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
      facts: VerifiedMetainfo['facts']
      metainfo: VerifiedMetainfo['metainfo']
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
    WITH due AS MATERIALIZED (
      SELECT t.id, t.did, t.uri, a.pds_host, t.tries, t.pending_since, t.next_try_at
      FROM catalog.torrent t LEFT JOIN catalog.account a ON a.did = t.did
      WHERE t.metainfo_status = 'pending' AND t.next_try_at <= now() AND coalesce(a.active, true)
        AND NOT (t.id = ${anyIdOf(options.except)}) AND NOT (t.did = ${anyOf(options.exceptDids ?? [])})
        AND NOT coalesce(a.pds_host = ${anyOf(options.exceptHosts ?? [])}, false)
      ORDER BY t.next_try_at LIMIT ${options.limit})
    SELECT due.id, due.did, due.uri, r.cid, due.pds_host AS "pdsHost", r.value, due.tries,
      due.pending_since AS "pendingSince"
    FROM due JOIN catalog.record r USING (id) ORDER BY due.next_try_at`,
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
    await writeVerified(
      tx,
      fresh.flatMap((outcome) => (outcome.status === 'verified' ? [outcome] : [])),
    )
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
  if (rejections.length === 0) return
  const input = recordset(rejections, 'id bigint, status text, reason text, detail text')
  await tx.execute(sql`
    WITH input AS (SELECT * FROM ${input}),
    refused AS (
      UPDATE catalog.torrent AS t SET metainfo_status = input.status, next_try_at = NULL, pending_since = NULL,
        error = input.detail
      FROM input WHERE t.id = input.id)
    UPDATE catalog.record AS r SET reason = input.reason, reason_detail = input.detail
    FROM input WHERE r.id = input.id`)
}

async function writeVerified(
  tx: Db,
  outcomes: readonly Extract<MetainfoOutcome, { status: 'verified' }>[],
): Promise<void> {
  if (outcomes.length === 0) return
  const contentIds = await storeContents(tx, outcomes)
  const input = outcomes.map(({ id, facts, metainfo }, i) => ({
    id,
    content: contentIds[i],
    cid: metainfo.cid,
    v1: facts.infoHashV1,
    v2: facts.infoHashV2,
    size: facts.sizeBytes,
  }))
  await tx.execute(sql`
    UPDATE catalog.torrent AS t SET metainfo_status = 'verified', content_id = content, metainfo_cid = cid,
      info_hash_v1 = v1, info_hash_v2 = v2, size_bytes = size, next_try_at = NULL, pending_since = NULL, error = NULL
    FROM ${recordset(input, 'id bigint, content bigint, cid text, v1 text, v2 text, size bigint')}
    WHERE t.id = input.id`)
  await refreshTorrentCodes(
    tx,
    outcomes.map(({ id }) => id),
  )
  await addWarnings(tx, outcomes)
  await extendAdmissions(
    tx,
    outcomes.map(({ facts }) => [facts.infoHashV1, facts.infoHashV2].filter((hash) => hash !== null)),
  )
}

async function addWarnings(
  tx: Db,
  outcomes: readonly { id: number; warnings: readonly string[] }[],
): Promise<void> {
  const warned = outcomes.filter(({ warnings }) => warnings.length > 0)
  if (warned.length === 0) return
  await tx.execute(sql`
    UPDATE catalog.record AS r SET warnings = (
      SELECT jsonb_agg(DISTINCT w) FROM jsonb_array_elements(r.warnings || input.warnings) AS w)
    FROM ${recordset(
      warned.map(({ id, warnings }) => ({ id, warnings })),
      'id bigint, warnings jsonb',
    )} WHERE r.id = input.id`)
}
