/**
 * The only way by which records from the network enter the catalog (invariants 1, 2 and 4). Records, repo states,
 * accounts, rejects and cursors of a batch are written in one transaction. Applying a batch twice changes nothing.
 *
 * Within a batch, commits of one repo are in order. A commit whose `rev` is not newer than the repo's is
 * skipped. A read of a whole repo (`complete`) is also applied at the same rev, and records that it does not name are deleted.
 */
import { tidTimeMs } from '@holdfast/lexicons/tid'
import { type SQL, sql } from 'drizzle-orm'
import { anyOf, type Db, recordset, rows, textArray } from '../store/sql.ts'
import { writingTogether } from '../store/write-turns.ts'
import { type AccountUpdate, applyAccounts } from './accounts.ts'
import { presentSet } from './collection-sets.ts'
import { advanceCursors, type SourceCursor } from './cursors.ts'
import { lockContents } from './derive/announced.ts'
import { settle } from './derive/settle.ts'
import { createTouched, type Touched } from './derive/touched.ts'
import { indexers } from './indexers/indexers.ts'
import { namedContent } from './named-content.ts'
import { removeProjections, removeRecords } from './record-removal.ts'
import { sweepSome } from './sweeps.ts'

export type RecordOp =
  | {
      action: 'put'
      uri: string
      kind: string
      cid: string
      value: Record<string, unknown>
      warnings?: readonly string[]
      /** The size of the record in its repository; counts against its author's quota. */
      sizeBytes?: number
      /** The approximate size of the value in memory; counts against the limit of one transaction. */
      memoryBytes?: number
    }
  | { action: 'reject'; uri: string; kind: string; cid: string; reason: string; detail: string }
  | { action: 'delete'; uri: string }
  /** Only in a `complete` commit: the record exists, and is the same as in the store. */
  | { action: 'keep'; uri: string }

export interface RepoCommit {
  did: string
  rev: string
  /** CID of the MST root, for the next commit's `prevData`. */
  dataCid: string
  host?: string
  ops: readonly RecordOp[]
  /** The ops are all records of our collections in the repo: the result of a resync or a backfill. */
  complete?: boolean
  /** The ops are a few records as of `rev`, each with a proof of its own; the repo's stored `rev` does not change. */
  partial?: boolean
  /** When the host was asked for it, in ms since 1970; absent for an event of a stream. */
  askedAtMs?: number
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
  cursors?: readonly SourceCursor[]
}

export interface Applied {
  commits: number
  /** How many commits were skipped because the repo has already reached their `rev` or a later one. */
  stale: number
}

/** Applies a batch in one transaction. Rejects only when the store fails, and then nothing of the batch was written. */
export async function applyBatch(db: Db, batch: Batch): Promise<Applied> {
  const commits = batch.commits ?? []
  const { sweeps, ...applied } = await writingTogether(db, async (tx) => {
    const sweeps = await applyAccounts(tx, batch.accounts ?? [])
    const { gone, revs } = await lockRepos(tx, batch)
    const fresh = dropStale(
      commits.filter((commit) => !isOfGone(commit, gone)),
      revs,
    )
    if (fresh.length > 0) await applyCommits(tx, fresh, gone)
    await advance(tx, { commits: fresh.filter((commit) => !commit.partial), cursors: batch.cursors ?? [] })
    const states = (batch.repoStates ?? []).filter(({ did }) => gone.get(did)?.active !== false)
    await applyRepoStates(tx, states)
    return { sweeps, commits: fresh.length, stale: commits.length - fresh.length }
  })
  // The batch has taken effect already. If this fails, the sweeper does it later.
  await sweepSome(db, sweeps).catch(() => {})
  return applied
}

/** An account that was deleted once. It may be active again, and some of its earlier records may not be purged yet. */
interface Gone {
  did: string
  active: boolean
  deletedAt: string
  purging: boolean
}

/** Locks the repos of commits. Returns their revisions, and which accounts of the batch were deleted. */
async function lockRepos(
  tx: Db,
  batch: Batch,
): Promise<{ gone: ReadonlyMap<string, Gone>; revs: Map<string, string> }> {
  const written = [...new Set((batch.commits ?? []).map(({ did }) => did))]
  const dids = [...new Set([...written, ...(batch.repoStates ?? []).map(({ did }) => did)])]
  if (dids.length === 0) return { gone: new Map(), revs: new Map() }
  const found = await rows<{
    did: string
    rev: string | null
    active: boolean
    deletedAt: string | null
    purging: boolean
  }>(
    tx,
    sql`WITH locked AS MATERIALIZED (SELECT did, rev FROM catalog.repo WHERE did = ${anyOf(written)} FOR UPDATE)
        SELECT named.did, locked.rev, a.active, a.deleted_at AS "deletedAt",
          EXISTS (SELECT FROM catalog.sweep s WHERE s.subject = a.did AND s.purge_up_to IS NOT NULL) AS purging
        FROM unnest(${textArray(dids)}) AS named (did) LEFT JOIN locked ON locked.did = named.did
        LEFT JOIN catalog.account a ON a.did = named.did AND a.deleted_at IS NOT NULL`,
  )
  const gone = new Map<string, Gone>()
  for (const { did, active, purging, deletedAt } of found)
    if (deletedAt !== null) gone.set(did, { did, active, purging, deletedAt })
  return { gone, revs: new Map(found.map(({ did, rev }) => [did, rev ?? ''])) }
}

/** Whether a commit belongs to a deleted account, or was asked for before the deletion was known; it is then ignored. */
function isOfGone({ did, askedAtMs }: RepoCommit, gone: ReadonlyMap<string, Gone>): boolean {
  const account = gone.get(did)
  if (!account) return false
  return !account.active || (askedAtMs !== undefined && askedAtMs <= Date.parse(account.deletedAt))
}

async function applyCommits(
  tx: Db,
  commits: readonly RepoCommit[],
  gone: ReadonlyMap<string, Gone>,
): Promise<void> {
  const touched = createTouched()
  const { puts, deletes } = await collapse(tx, commits)
  // Delete a record that is still to be purged before the same URI is written again by an account that came back.
  for (const { uri, did } of puts) if (gone.get(did)?.purging) deletes.push(uri)
  await lockRecords(tx, [...deletes, ...puts.map(({ uri }) => uri)])
  await removeRecords(tx, deletes, touched)
  await reindex(tx, await upsertRecords(tx, puts), touched)
  await settle(tx, touched)
}

/**
 * Locks records that are already known, and then the contents of torrents among them, in the order of `writeMetainfoOutcomes`,
 * which may be verifying some of them.
 */
async function lockRecords(tx: Db, uris: readonly string[]): Promise<void> {
  const known = await rows<{ id: number; kind: string }>(
    tx,
    sql`SELECT id, kind FROM catalog.record WHERE uri = ${anyOf(uris)} ORDER BY id FOR UPDATE`,
  )
  const torrents = known.flatMap(({ id, kind }) => (kind === 'torrent' ? [id] : []))
  if (torrents.length > 0) await lockContents(tx, { torrents, contents: [] })
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
  sizeBytes: number
  createdAt: string | null
  /** When the commit was made, by the time in its revision. */
  committedAt: string | null
  /** The content that it names, as `namedContent` gives it. */
  named: string | null
  /** Whether its commit was seen as it was made, and not read later from the repository. */
  live: boolean
}

interface WrittenRow extends Record<string, unknown> {
  id: number
  uri: string
  did: string
  kind: string
  /** Whether the record is new. */
  inserted: boolean
}

interface Written extends WrittenRow {
  value: Record<string, unknown> | null
}

/** The commits that are newer than the revisions in `revs`, which are moved along. */
function dropStale(commits: readonly RepoCommit[], revs: Map<string, string>): RepoCommit[] {
  return commits.filter((commit) => {
    const last = revs.get(commit.did) ?? ''
    const newer = commit.complete || commit.partial ? commit.rev >= last : commit.rev > last
    if (newer && !commit.partial) revs.set(commit.did, commit.rev)
    return newer
  })
}

/** Merges commits: of several ops on one URI the last one counts. */
async function collapse(tx: Db, commits: readonly RepoCommit[]): Promise<{ puts: Put[]; deletes: string[] }> {
  const last = new Map<string, Put | 'delete'>()
  for (const commit of commits) {
    if (commit.complete) {
      const prefix = `at://${commit.did}/`
      for (const uri of last.keys()) if (uri.startsWith(prefix)) last.set(uri, 'delete')
      const existing = await rows<{ uri: string }>(
        tx,
        sql`SELECT uri FROM catalog.record WHERE did = ${commit.did}`,
      )
      for (const row of existing) last.set(row.uri, 'delete')
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
    live: !commit.complete && !commit.partial,
  }
  if (op.action === 'reject') {
    return {
      ...base,
      value: null,
      named: null,
      reason: op.reason,
      detail: op.detail,
      warnings: [],
      sizeBytes: 0,
      createdAt: null,
    }
  }
  const createdAt = typeof op.value.createdAt === 'string' ? op.value.createdAt : undefined
  const time = createdAt === undefined ? Number.NaN : Date.parse(createdAt)
  return {
    ...base,
    value: op.value,
    named: namedContent(op.kind, op.value),
    reason: null,
    detail: null,
    warnings: op.warnings ?? [],
    sizeBytes: op.sizeBytes ?? 0,
    createdAt: Number.isNaN(time) ? null : new Date(Math.max(time, 0)).toISOString(),
  }
}

async function upsertRecords(tx: Db, puts: readonly Put[]): Promise<Written[]> {
  if (puts.length === 0) return []
  const input = recordset(
    puts,
    `uri text, did text, kind text, cid text, rev text, value jsonb, reason text, detail text, warnings jsonb, "sizeBytes" int,
     "createdAt" timestamptz, "committedAt" timestamptz, named text, live bool`,
  )
  const written = await rows<WrittenRow>(
    tx,
    sql`
    WITH input AS (SELECT * FROM ${input}),
    seen AS (
      INSERT INTO local.first_seen AS f (uri, at, cid, changed_at, named, named_at, live_at)
      SELECT uri, now(), cid, least("committedAt", now()), named, now(),
        CASE WHEN live THEN least("committedAt", now()) END FROM input
      ON CONFLICT (uri) DO UPDATE SET cid = excluded.cid, changed_at = CASE
        WHEN excluded.cid = coalesce(f.cid, (SELECT r.cid FROM catalog.record r WHERE r.uri = f.uri), excluded.cid)
        THEN f.changed_at ELSE greatest(excluded.changed_at, f.changed_at, f.at + interval '1 ms') END,
        named = coalesce(excluded.named, f.named), named_at = CASE
        WHEN excluded.named IS NULL OR excluded.named = f.named OR (f.named IS NULL AND excluded.cid = f.cid)
        THEN f.named_at ELSE now() END
      RETURNING uri, at)
    INSERT INTO catalog.record AS r
      (uri, did, kind, cid, rev, value, reason, reason_detail, warnings, size_bytes, created_at, indexed_at)
    SELECT uri, did, kind, cid, rev, nullif(value, 'null'), reason, detail, warnings, "sizeBytes",
      least("createdAt", seen.at), seen.at
    FROM input JOIN seen USING (uri)
    ON CONFLICT (uri) DO UPDATE SET cid = excluded.cid, rev = excluded.rev, value = excluded.value,
      reason = excluded.reason, reason_detail = excluded.reason_detail, warnings = excluded.warnings,
      size_bytes = excluded.size_bytes, created_at = excluded.created_at
    WHERE r.cid <> excluded.cid OR (r.value IS NULL) <> (excluded.value IS NULL)
    RETURNING r.id, r.uri, r.did, r.kind, (r.xmax = 0) AS inserted`,
  )
  // The values need not be read back from the store, since they are what was sent.
  const values = new Map(puts.map((put) => [put.uri, put.value]))
  return written.map((row) => ({ ...row, value: values.get(row.uri) ?? null }))
}

async function reindex(tx: Db, written: readonly Written[], touched: Touched): Promise<void> {
  for (const { id, kind } of written) {
    touched.records.add(id)
    touched.written.set(id, kind)
  }
  // An update may change what a record points at. The old projection says whose counts must be computed again.
  await removeProjections(
    tx,
    written.filter((row) => !row.inserted),
    touched,
  )
  for (const [kind, indexer] of Object.entries(indexers)) {
    const valid = written.flatMap((row) =>
      row.kind === kind && row.value ? [{ ...row, value: row.value }] : [],
    )
    if (valid.length > 0) await indexer.write(tx, valid, touched)
  }
}

/** Writes the states of repos after these commits, and the cursors, in one statement. */
async function advance(
  tx: Db,
  { commits, cursors }: { commits: readonly RepoCommit[]; cursors: readonly SourceCursor[] },
): Promise<void> {
  const writes: SQL[] = []
  if (commits.length > 0) writes.push(advanceRepos(commits))
  if (cursors.length > 0) writes.push(advanceCursors(cursors))
  const [first, second] = writes
  if (first) await tx.execute(second ? sql`WITH first AS (${first}) ${second}` : first)
  const complete = commits.filter((c) => c.complete).map((c) => c.did)
  if (complete.length > 0) {
    await tx.execute(sql`
      UPDATE catalog.repo SET state = 'synchronized', error = NULL, tries = 0, retry_at = NULL, synced_at = now(),
        collection_set = ${presentSet}
      WHERE did = ${anyOf(complete)}`)
  }
}

function advanceRepos(commits: readonly RepoCommit[]): SQL {
  const last = new Map(
    commits.map((c) => [c.did, { did: c.did, rev: c.rev, data: c.dataCid, host: c.host ?? null }]),
  )
  return sql`
    INSERT INTO catalog.repo AS r (did, rev, data_cid, host, state, synced_at, collection_set)
    SELECT did, rev, data, host, 'synchronized', now(), ${presentSet}
    FROM ${recordset([...last.values()], 'did text, rev text, data text, host text')}
    ON CONFLICT (did) DO UPDATE SET rev = excluded.rev, data_cid = excluded.data_cid,
      host = coalesce(excluded.host, r.host), updated_at = now()`
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
