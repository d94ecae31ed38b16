/**
 * The queue of torrents whose metainfo must be fetched and verified. A row is `pending` from the commit that wrote it. The
 * worker that fetches reports one of four outcomes here, which is written in one transaction with all flags that depend on it.
 */
import { sql } from 'drizzle-orm'
import { anyIdOf, anyOf, type Db, recordset, rows, toInstant } from '../../store/sql.ts'
import { writingTogether } from '../../store/write-turns.ts'
import { storeContents, type VerifiedMetainfo } from '../contents.ts'
import { settle } from '../derive/settle.ts'
import { createTouched } from '../derive/touched.ts'
import { extendAdmissions } from '../info-hash-forms.ts'

/** A torrent record whose metainfo is due. */
export interface PendingTorrent {
  id: number
  did: string
  uri: string
  cid: string
  pdsHost: string | null
  /** Whether the admission policy lets the record in; only then is any host asked other than its author's PDS. */
  admitted: boolean
  value: Record<string, unknown>
  tries: number
  /** How often a check or write was begun that had no outcome. */
  unfinished: number
  /** Since when it has been pending, as an instant; attempts end seven days later. */
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
  /** A final failure caused by the network or the author; the record is rejected with this reason. */
  | { id: number; cid: string; status: 'mismatch' | 'unavailable'; reason: string; detail: string }
  /** Try again later. `stumbled` means that the check or the write failed, so the attempt stays counted as unfinished. */
  | { id: number; cid: string; status: 'retry'; error: string; nextTryAt: Date; stumbled?: boolean }

export interface DueOptions {
  limit: number
  /** The ids of torrents that are already being processed. */
  except: readonly number[]
  /** Accounts and PDS hosts that have as many torrents in process as they may. */
  exceptDids?: readonly string[]
  exceptHosts?: readonly string[]
}

/** Reads due torrents of active accounts, the longest waiting first. */
export async function readDueTorrents(db: Db, options: DueOptions): Promise<PendingTorrent[]> {
  const found = await rows<PendingTorrent & Record<string, unknown>>(
    db,
    sql`
    WITH due AS MATERIALIZED (
      SELECT t.id, t.did, t.uri, a.pds_host, t.tries, t.unfinished, t.pending_since, t.next_try_at
      FROM catalog.torrent t LEFT JOIN catalog.account a ON a.did = t.did
      WHERE t.metainfo_status = 'pending' AND t.next_try_at <= now() AND coalesce(a.active, true)
        AND NOT (t.id = ${anyIdOf(options.except)}) AND NOT (t.did = ${anyOf(options.exceptDids ?? [])})
        AND NOT coalesce(a.pds_host = ${anyOf(options.exceptHosts ?? [])}, false)
      ORDER BY t.next_try_at LIMIT ${options.limit})
    SELECT due.id, due.did, due.uri, r.cid, due.pds_host AS "pdsHost", r.visible AS admitted, r.value, due.tries,
      due.unfinished,
      due.pending_since AS "pendingSince"
    FROM due JOIN catalog.record r USING (id) ORDER BY due.next_try_at`,
  )
  return found.map((row) => ({ ...row, pendingSince: toInstant(row.pendingSince) }))
}

/**
 * Claims torrents that are about to be checked and written. Without an outcome they are due again only after `leaseMs`,
 * doubled for each earlier claim without one, so that a torrent that crashes the process does not do so again at its start.
 */
export async function claimTorrents(db: Db, ids: readonly number[], leaseMs: number): Promise<void> {
  await db.execute(sql`
    UPDATE catalog.torrent SET unfinished = unfinished + 1,
      next_try_at = now() + make_interval(secs => ${leaseMs / 1000}::float8 * 2 ^ least(unfinished, 10))
    WHERE id = ${anyIdOf(ids)} AND metainfo_status = 'pending'`)
}

/** Releases claims without an outcome because the process is being stopped; the torrents are due at once. */
export async function releaseTorrents(db: Db, ids: readonly number[]): Promise<void> {
  if (ids.length === 0) return
  await db.execute(sql`
    UPDATE catalog.torrent SET unfinished = unfinished - 1, next_try_at = now()
    WHERE id = ${anyIdOf(ids)} AND metainfo_status = 'pending' AND unfinished > 0`)
}

/** Whether any metainfo is due or being processed. */
export async function hasMetainfoToDo(db: Db): Promise<boolean> {
  const [row] = await rows<{ found: boolean }>(
    db,
    sql`SELECT EXISTS (SELECT FROM catalog.torrent t LEFT JOIN catalog.account a ON a.did = t.did
          WHERE t.metainfo_status = 'pending' AND coalesce(a.active, true)
            AND (t.next_try_at <= now() OR t.unfinished > 0)) AS found`,
  )
  return row!.found
}

/** When the next pending torrent becomes due, as an instant; undefined when none is pending. */
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
  await writingTogether(db, async (tx) => {
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
    const ended = fresh.filter(({ status }) => status !== 'retry')
    const idsOf = (outcomes: readonly MetainfoOutcome[]) => outcomes.map(({ id }) => id)
    await settle(
      tx,
      createTouched({
        records: idsOf(ended),
        written: idsOf(ended).map((id) => [id, 'torrent'] as const),
        verifiedTorrents: idsOf(ended.filter(({ status }) => status === 'verified')),
      }),
    )
  })
}

async function lockCurrent(tx: Db, outcomes: readonly MetainfoOutcome[]): Promise<Set<string>> {
  const found = await rows<{ id: number; cid: string }>(
    tx,
    sql`SELECT id, cid FROM catalog.record WHERE id = ${anyIdOf(outcomes.map((outcome) => outcome.id))}
        ORDER BY id FOR UPDATE`,
  )
  return new Set(found.map((row) => `${row.id} ${row.cid}`))
}

async function writeRetries(
  tx: Db,
  retries: readonly Extract<MetainfoOutcome, { status: 'retry' }>[],
): Promise<void> {
  if (retries.length === 0) return
  await tx.execute(sql`
    UPDATE catalog.torrent AS t SET tries = t.tries + 1, next_try_at = input."nextTryAt", error = input.error,
      unfinished = CASE WHEN input.stumbled THEN t.unfinished ELSE 0 END
    FROM ${recordset(
      retries.map(({ id, error, nextTryAt, stumbled = false }) => ({
        id,
        error,
        nextTryAt: nextTryAt.toISOString(),
        stumbled,
      })),
      'id bigint, error text, "nextTryAt" timestamptz, stumbled bool',
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
        unfinished = 0, error = input.detail
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
      info_hash_v1 = v1, info_hash_v2 = v2, size_bytes = size, next_try_at = NULL, pending_since = NULL, unfinished = 0, error = NULL
    FROM ${recordset(input, 'id bigint, content bigint, cid text, v1 text, v2 text, size bigint')}
    WHERE t.id = input.id`)
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
