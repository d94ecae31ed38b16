/**
 * The one way records from the network enter the catalogue (invariants 1, 2 and 4): records, repo states,
 * accounts, rejects and cursors of a batch are one transaction. Applying a batch twice changes nothing.
 *
 * Within a batch, commits of one repo are in order. A commit whose `rev` is not newer than the repo's is
 * passed over; a whole-repo read (`complete`) is taken at the same rev too, and what it does not name is deleted.
 */
import { tidTimeMs } from '@holdfast/lexicons/tid'
import { sql } from 'drizzle-orm'
import { indexers } from './indexers/indexers.ts'
import { anyOf, type Db, recordset, rows } from './sql.ts'
import { refreshVisibility } from './visibility.ts'
import { type AccountUpdate, applyAccounts } from './writes/account-writes.ts'
import { refreshDatasetCounts } from './writes/dataset-counts.ts'
import { type Removed, removeProjections, removeRecords, settleRemoved } from './writes/record-removal.ts'

export type RecordOp =
  | {
      action: 'put'
      uri: string
      kind: string
      cid: string
      value: Record<string, unknown>
      warnings?: readonly string[]
    }
  | { action: 'reject'; uri: string; kind: string; cid: string; reason: string; detail: string }
  | { action: 'delete'; uri: string }
  /** Of a `complete` commit: the record is there, and is what the store holds. */
  | { action: 'keep'; uri: string }

export interface RepoCommit {
  did: string
  rev: string
  /** CID of the MST root, for the next commit's `prevData`. */
  dataCid: string
  host?: string
  ops: readonly RecordOp[]
  /** The ops are everything of ours that the repo holds: the outcome of a resync or a backfill. */
  complete?: boolean
  /** The ops are a few records as they stand at `rev`, each proved alone; the repo's own place does not move. */
  partial?: boolean
}

export interface RepoStateUpdate {
  did: string
  state: 'desynchronized' | 'in-progress' | 'synchronized'
  host?: string
  error?: string | null
  tries?: number
  retryAt?: string | null
}

export interface Batch {
  commits?: readonly RepoCommit[]
  accounts?: readonly AccountUpdate[]
  repoStates?: readonly RepoStateUpdate[]
  cursors?: readonly { host: string; seq: number; eventTime?: string }[]
}

export interface Applied {
  commits: number
  /** Commits passed over because the repo already stands at their `rev` or beyond. */
  stale: number
}

/** Applies a batch in one transaction. Rejects only when the store does: then nothing of it was written. */
export function applyBatch(db: Db, batch: Batch): Promise<Applied> {
  return db.transaction(async (tx) => {
    await applyAccounts(tx, batch.accounts ?? [])
    const fresh = await dropStale(tx, batch.commits ?? [])
    if (fresh.length > 0) await applyCommits(tx, fresh)
    await applyRepoStates(tx, batch.repoStates ?? [])
    await advanceCursors(tx, batch.cursors ?? [])
    return { commits: fresh.length, stale: (batch.commits?.length ?? 0) - fresh.length }
  })
}

async function applyCommits(tx: Db, commits: readonly RepoCommit[]): Promise<void> {
  const { puts, deletes } = await collapse(tx, commits)
  await removeRecords(tx, deletes)
  const written = await upsertRecords(tx, puts)
  const removed = await reindex(tx, written)
  await advanceRepos(
    tx,
    commits.filter((commit) => !commit.partial),
  )
  if (written.length === 0) return
  await refreshVisibility(tx, { ids: written.map((row) => row.id) }, written)
  await settleRemoved(tx, removed)
  const datasets = written.filter((row) => row.kind === 'dataset').map((row) => row.uri)
  await refreshDatasetCounts(tx, { datasetUris: datasets })
}

interface Put {
  uri: string
  did: string
  kind: string
  cid: string
  rev: string
  value: Record<string, unknown> | null
  reason: string | null
  detail: string | null
  warnings: readonly string[]
  createdAt: string | null
  /** When the commit was made, as its revision says. */
  committedAt: string | null
}

interface WrittenRow extends Record<string, unknown> {
  id: number
  uri: string
  did: string
  kind: string
  /** Not there before. */
  inserted: boolean
}

interface Written extends WrittenRow {
  value: Record<string, unknown> | null
}

async function dropStale(tx: Db, commits: readonly RepoCommit[]): Promise<RepoCommit[]> {
  if (commits.length === 0) return []
  const known = await rows<{ did: string; rev: string | null }>(
    tx,
    sql`SELECT did, rev FROM catalog.repo WHERE did = ${anyOf([...new Set(commits.map((c) => c.did))])} FOR UPDATE`,
  )
  const revs = new Map(known.map((row) => [row.did, row.rev ?? '']))
  return commits.filter((commit) => {
    const last = revs.get(commit.did) ?? ''
    const newer = commit.complete || commit.partial ? commit.rev >= last : commit.rev > last
    if (newer && !commit.partial) revs.set(commit.did, commit.rev)
    return newer
  })
}

/** The last word on each URI. */
async function collapse(tx: Db, commits: readonly RepoCommit[]): Promise<{ puts: Put[]; deletes: string[] }> {
  const last = new Map<string, Put | 'delete'>()
  for (const commit of commits) {
    if (commit.complete) {
      const prefix = `at://${commit.did}/`
      for (const uri of last.keys()) if (uri.startsWith(prefix)) last.set(uri, 'delete')
      const held = await rows<{ uri: string }>(
        tx,
        sql`SELECT uri FROM catalog.record WHERE did = ${commit.did}`,
      )
      for (const row of held) last.set(row.uri, 'delete')
    }
    for (const op of commit.ops) {
      if (op.action === 'keep') last.delete(op.uri)
      else last.set(op.uri, op.action === 'delete' ? 'delete' : toPut(op, commit))
    }
  }
  const puts: Put[] = []
  const deletes: string[] = []
  for (const [uri, op] of last) {
    if (op === 'delete') deletes.push(uri)
    else puts.push(op)
  }
  return { puts, deletes }
}

function toPut(op: Exclude<RecordOp, { action: 'delete' | 'keep' }>, commit: RepoCommit): Put {
  const committedMs = tidTimeMs(commit.rev)
  const base = {
    uri: op.uri,
    did: commit.did,
    kind: op.kind,
    cid: op.cid,
    rev: commit.rev,
    committedAt: committedMs === undefined ? null : new Date(committedMs).toISOString(),
  }
  if (op.action === 'reject') {
    return { ...base, value: null, reason: op.reason, detail: op.detail, warnings: [], createdAt: null }
  }
  const createdAt = typeof op.value.createdAt === 'string' ? op.value.createdAt : undefined
  const time = createdAt === undefined ? Number.NaN : Date.parse(createdAt)
  return {
    ...base,
    value: op.value,
    reason: null,
    detail: null,
    warnings: op.warnings ?? [],
    createdAt: Number.isNaN(time) ? null : new Date(Math.max(time, 0)).toISOString(),
  }
}

async function upsertRecords(tx: Db, puts: readonly Put[]): Promise<Written[]> {
  if (puts.length === 0) return []
  const input = recordset(
    puts,
    `uri text, did text, kind text, cid text, rev text, value jsonb, reason text, detail text, warnings jsonb, "createdAt" timestamptz,
     "committedAt" timestamptz`,
  )
  const written = await rows<WrittenRow>(
    tx,
    sql`
    WITH input AS (SELECT * FROM ${input}),
    seen AS (
      INSERT INTO local.first_seen AS f (uri, at, cid, changed_at)
      SELECT uri, now(), cid, least("committedAt", now()) FROM input
      ON CONFLICT (uri) DO UPDATE SET cid = excluded.cid, changed_at = CASE
        WHEN excluded.cid = coalesce(f.cid, (SELECT r.cid FROM catalog.record r WHERE r.uri = f.uri), excluded.cid)
        THEN f.changed_at ELSE greatest(excluded.changed_at, f.changed_at, f.at + interval '1 ms') END
      RETURNING uri, at)
    INSERT INTO catalog.record AS r
      (uri, did, kind, cid, rev, value, reason, reason_detail, warnings, created_at, indexed_at)
    SELECT uri, did, kind, cid, rev, nullif(value, 'null'), reason, detail, warnings,
      least("createdAt", seen.at), seen.at
    FROM input JOIN seen USING (uri)
    ON CONFLICT (uri) DO UPDATE SET cid = excluded.cid, rev = excluded.rev, value = excluded.value,
      reason = excluded.reason, reason_detail = excluded.reason_detail, warnings = excluded.warnings,
      created_at = excluded.created_at
    WHERE r.cid <> excluded.cid OR (r.value IS NULL) <> (excluded.value IS NULL)
    RETURNING r.id, r.uri, r.did, r.kind, (r.xmax = 0) AS inserted`,
  )
  // What was sent need not come back: it is what stands there now.
  const values = new Map(puts.map((put) => [put.uri, put.value]))
  return written.map((row) => ({ ...row, value: values.get(row.uri) ?? null }))
}

async function reindex(tx: Db, written: readonly Written[]): Promise<Removed> {
  // An update may change what a record points at; the old projection tells whose counts it leaves.
  const removed = await removeProjections(
    tx,
    written.filter((row) => !row.inserted),
  )
  for (const [kind, indexer] of Object.entries(indexers)) {
    const valid = written.flatMap((row) =>
      row.kind === kind && row.value ? [{ ...row, value: row.value }] : [],
    )
    if (valid.length > 0) await indexer.write(tx, valid)
  }
  return removed
}

async function advanceRepos(tx: Db, commits: readonly RepoCommit[]): Promise<void> {
  if (commits.length === 0) return
  const last = new Map(
    commits.map((c) => [c.did, { did: c.did, rev: c.rev, data: c.dataCid, host: c.host ?? null }]),
  )
  const complete = commits.filter((c) => c.complete).map((c) => c.did)
  await tx.execute(sql`
    INSERT INTO catalog.repo AS r (did, rev, data_cid, host, state, synced_at)
    SELECT did, rev, data, host, 'synchronized', now()
    FROM ${recordset([...last.values()], 'did text, rev text, data text, host text')}
    ON CONFLICT (did) DO UPDATE SET rev = excluded.rev, data_cid = excluded.data_cid,
      host = coalesce(excluded.host, r.host), updated_at = now()`)
  if (complete.length > 0) {
    await tx.execute(sql`
      UPDATE catalog.repo SET state = 'synchronized', error = NULL, tries = 0, retry_at = NULL, synced_at = now()
      WHERE did = ${anyOf(complete)}`)
  }
}

async function applyRepoStates(tx: Db, states: readonly RepoStateUpdate[]): Promise<void> {
  if (states.length === 0) return
  const last = new Map(states.map((state) => [state.did, state]))
  const input = recordset(
    [...last.values()],
    'did text, state text, host text, error text, tries int, "retryAt" timestamptz',
  )
  await tx.execute(sql`
    INSERT INTO catalog.repo AS r (did, state, host, error, tries, retry_at)
    SELECT did, state, host, error, coalesce(tries, 0), "retryAt" FROM ${input}
    ON CONFLICT (did) DO UPDATE SET state = excluded.state, host = coalesce(excluded.host, r.host),
      error = excluded.error, tries = excluded.tries, retry_at = excluded.retry_at, updated_at = now()`)
}

async function advanceCursors(tx: Db, cursors: NonNullable<Batch['cursors']>): Promise<void> {
  for (const { host, seq, eventTime } of cursors) {
    await tx.execute(sql`
      INSERT INTO catalog.source_cursor AS c (host, seq, event_time) VALUES (${host}, ${seq}, ${eventTime ?? null}::timestamptz)
      ON CONFLICT (host) DO UPDATE SET seq = greatest(c.seq, excluded.seq),
        event_time = coalesce(excluded.event_time, c.event_time), updated_at = now()`)
  }
}
