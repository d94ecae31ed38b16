import type { RecordOp } from '../../catalog/ingest-writes.ts'
import { readDueRepos, readNextDue, readRepoRecords } from '../../catalog/reads/repo-reads.ts'
import type { Db } from '../../catalog/sql.ts'
import { cidKeyToString } from '../cid-key.ts'
import type { CommitFrame, SyncFrame } from '../frame/frame.ts'
import type { DidResolver } from '../identity/did-resolver.ts'
import type { RepoIdentity } from '../identity/repo-identity.ts'
import type { IngestMetrics } from '../metrics.ts'
import type { Committer } from '../pipeline/committer.ts'
import type { Origin } from '../pipeline/judge-commit.ts'
import type { Lanes } from '../pipeline/lanes.ts'
import type { RecordQuota } from '../pipeline/record-quota.ts'
import type { RepoState, RepoStates } from '../pipeline/repo-states.ts'
import { toRecordOp } from '../record-op.ts'
import { type RejectReason, reasonOf } from '../reject-reason.ts'
import { VerifyError } from '../verify/verify-error.ts'
import type { Wanted } from '../wanted.ts'
import { type AccountStanding, statusOfRefusal } from './account-standing.ts'
import { createHeldEvents } from './held-events.ts'
import { HostSaysNo, type PdsClient } from './pds-client.ts'
import { type RepoSnapshot, readRepo } from './read-repo.ts'
import type { ResyncLimits } from './resync-limits.ts'
import { createResyncQueue } from './resync-queue.ts'

/**
 * Reads whole repositories where the stream no longer suffices. That a repository waits for it is durable before
 * the event that showed it is acknowledged, so nothing is lost when the process dies; events that come meanwhile
 * are held and follow the snapshot in order.
 */
export type Resyncs = AsyncDisposable & {
  /** Marks a repository and reads it soon. */
  request(did: string, request: { why: string; held: RepoState | undefined; taken?: () => void }): void
  /** Keeps an event of a repository that waits. */
  hold(frame: CommitFrame | SyncFrame, origin: Origin): void
  /** Looks in the store for repositories that are due, as after a backfill has listed some. */
  wake(): void
  readonly waiting: number
}

export type ResyncParts = {
  readonly db: Db
  readonly states: RepoStates
  readonly resolver: DidResolver
  readonly pds: PdsClient
  readonly standing: AccountStanding
  readonly committer: Committer
  readonly lanes: Lanes
  readonly quota: RecordQuota
  readonly wanted: Wanted
  readonly metrics: IngestMetrics
  /** Handles an event that was held, after the snapshot; already in the repository's lane. */
  readonly replay: (frame: CommitFrame | SyncFrame, origin: Origin) => Promise<void>
  readonly onRequest: (did: string, why: string) => void
  readonly onFailure: (did: string, error: unknown, retryAt: Date) => void
  readonly limits: ResyncLimits
  readonly signal: AbortSignal
}

export function createResyncs(parts: ResyncParts): Resyncs {
  const held = createHeldEvents()
  const quota = createDailyQuota(parts.limits.perAccountPerDay)
  const queue = createResyncQueue({
    limits: parts.limits,
    signal: parts.signal,
    hostOf: async (did) => {
      const resolution = await parts.resolver.resolve(did).catch(() => undefined)
      return resolution?.status === 'found' ? resolution.identity.pdsHost : 'unresolved'
    },
    work: (did) => resyncOne(did, parts, held),
    due: async (limit) => (await readDueRepos(parts.db, limit)).map(({ did }) => did),
    nextDue: async () => {
      const at = await readNextDue(parts.db)
      return at === undefined ? undefined : Date.parse(at)
    },
  })
  return {
    request(did, { why, held: state, taken }) {
      const next: RepoState = { rev: null, data: null, tries: 0, ...state, state: 'desynchronized' }
      parts.states.set(did, next)
      parts.metrics.resync('asked')
      parts.onRequest(did, why)
      const allowed = quota.take(did)
      const retryAt = allowed ? null : new Date(Date.now() + DAY_MS).toISOString()
      if (!allowed) parts.metrics.reject('quota-resyncs')
      const repoState = { did, state: 'desynchronized', error: why, tries: 0, retryAt } as const
      void parts.committer.write({ repoState }, taken)
      if (allowed) queue.add(did)
    },
    hold: held.hold,
    wake: queue.wake,
    get waiting() {
      return queue.length
    },
    [Symbol.asyncDispose]: () => queue[Symbol.asyncDispose](),
  }
}

const TRIES_TILL_DELETED = 4
const DAY_MS = 24 * 3_600_000

/** Counts whole reads by account in days of our own clock. */
function createDailyQuota(perDay: number): { take(did: string): boolean } {
  let startedMs = Date.now()
  const counts = new Map<string, number>()
  return {
    take(did) {
      if (Date.now() - startedMs > DAY_MS) {
        counts.clear()
        startedMs = Date.now()
      }
      const count = (counts.get(did) ?? 0) + 1
      counts.set(did, count)
      return count <= perDay
    },
  }
}

type Held = ReturnType<typeof createHeldEvents>

async function resyncOne(did: string, parts: ResyncParts, held: Held): Promise<void> {
  // Where the store is away, the repository stays due in it, and is taken up again.
  const before = (await parts.states.get(did)) ?? UNKNOWN
  held.start(did)
  parts.states.set(did, { ...before, state: 'in-progress' })
  try {
    const { identity, snapshot } = await fetchSnapshot(did, before, parts)
    await parts.lanes.run(did, () => applySnapshot({ did, identity, snapshot }, parts, held))
    // Only when it is durable does the store no longer name this repository as due.
    await parts.committer.write({})
    parts.metrics.resync('done')
  } catch (error) {
    if (parts.signal.aborted) return
    parts.metrics.resync('failed')
    await parts.lanes.run(did, () => putOff({ did, error, before }, parts, held))
    await parts.committer.write({})
  }
}

const UNKNOWN: RepoState = { state: 'desynchronized', rev: null, data: null, tries: 0 }

async function fetchSnapshot(
  did: string,
  before: RepoState,
  parts: ResyncParts,
): Promise<{ identity: RepoIdentity; snapshot: RepoSnapshot }> {
  const { limits, wanted, signal } = parts
  // A fresh document costs one request and spares a whole repository verified with an old key.
  const resolution = await parts.resolver.resolve(did, { refresh: before.tries > 0 })
  if (resolution.status === 'tombstoned') throw new HostSaysNo('RepoNotFound', 'the identity was given up')
  if (resolution.status === 'unresolvable') throw new Unresolvable(resolution.reason)
  const { identity } = resolution
  await using car = await parts.pds.getRepo(identity.pdsUrl, did, {
    maxBytes: limits.maxRepoBytes,
    timeoutMs: limits.timeoutMs,
    signal,
  })
  const snapshot = await readRepo(car.body, {
    did,
    key: identity.signingKey,
    nowMs: Date.now(),
    prefixes: wanted.pathPrefixes,
    maxRecords: limits.recordsPerAccount,
    maxKeptBytes: limits.maxKeptBytes,
  })
  if (before.rev && snapshot.rev < before.rev) {
    throw new VerifyError(
      'bad-rev',
      `the host answered with ${snapshot.rev}, which is older than ${before.rev}`,
    )
  }
  return { identity, snapshot }
}

class Unresolvable extends Error {}

type Landing = { did: string; identity: RepoIdentity; snapshot: RepoSnapshot }

/** Writes what differs, deletes included, and lets the events that came meanwhile follow. */
async function applySnapshot(landing: Landing, parts: ResyncParts, held: Held): Promise<void> {
  const { did, identity, snapshot } = landing
  // What was handed over before must be in the store before it is compared with.
  await parts.committer.write({})
  const known = await readRepoRecords(parts.db, did)
  const ops = snapshot.records.map(({ path, cid, record }): RecordOp | undefined => {
    const uri = `at://${did}/${path}`
    if (known.get(path) === cidKeyToString(cid)) return { action: 'keep', uri }
    const op = toRecordOp(did, { path, cid, record }, parts.wanted)
    if (op?.action === 'reject') parts.metrics.reject(op.reason as RejectReason)
    return op
  })
  const { rev } = snapshot
  parts.quota.set(did, known.size)
  const admitted = await parts.quota.admit(
    { did, host: identity.pdsHost },
    ops.filter((op) => op !== undefined),
  )
  parts.states.set(did, { state: 'synchronized', rev, data: snapshot.data, tries: 0 })
  const account = { did, pdsHost: identity.pdsHost, active: true, status: null }
  const commit = {
    did,
    rev,
    dataCid: cidKeyToString(snapshot.data),
    host: identity.pdsHost,
    ops: admitted,
    complete: true,
  }
  void parts.committer.write({ account, commit })
  // A repository that a backfill found was never seen by an event, which would have had its handle checked.
  parts.standing.checkHandleSoon(identity)
  const { events, lostRev } = held.release(did)
  for (const { frame, origin } of events) if (frame.rev > rev) await parts.replay(frame, origin)
  const state = await parts.states.get(did)
  if (lostRev && state?.rev && lostRev > state.rev) {
    throw new Error('more events came during the read than were held')
  }
}

/** Notes the failure and when to try again; what the host said of the account is taken up. */
async function putOff(
  { did, error, before }: { did: string; error: unknown; before: RepoState },
  parts: ResyncParts,
  held: Held,
): Promise<void> {
  held.release(did)
  const { limits } = parts
  const tries = before.tries + 1
  const decided = error instanceof VerifyError || error instanceof Unresolvable || error instanceof HostSaysNo
  const firstMs = decided ? limits.firstRetryMs * 30 : limits.firstRetryMs
  const retryAt = new Date(Date.now() + Math.min(firstMs * 2 ** Math.min(tries - 1, 20), limits.maxRetryMs))
  if (error instanceof VerifyError) parts.metrics.reject(reasonOf(error.fault))
  if (error instanceof Unresolvable) parts.metrics.reject('did-unresolvable')
  parts.onFailure(did, error, retryAt)
  const refusal = error instanceof HostSaysNo ? statusOfRefusal(error) : undefined
  // An account on the move may be missing for a while; only after that does it count as deleted.
  const status = refusal === 'deleted' && tries < TRIES_TILL_DELETED ? 'deactivated' : refusal
  if (status) void parts.committer.write({ account: { did, active: false, status } })
  if (status === 'deleted') return parts.states.drop(did)
  parts.states.set(did, { ...before, state: 'desynchronized', tries })
  const message = (error instanceof Error ? error.message : String(error)).slice(0, 500)
  void parts.committer.write({
    repoState: { did, state: 'desynchronized', error: message, tries, retryAt: retryAt.toISOString() },
  })
}
