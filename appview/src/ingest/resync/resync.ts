import { LatestMap } from '@holdfast/runtime/latest-map'
import { readRecordUsage } from '../../catalog/read/record-counts.ts'
import { readDueRepos, readNextDue, readRepoRecords } from '../../catalog/read/repo.ts'
import { untilChanged } from '../../catalog/too-large-repos.ts'
import { forgetUnproved } from '../../catalog/unproved-repos.ts'
import type { KeyedQueue } from '../../runtime/keyed-queue.ts'
import type { Db } from '../../store/sql.ts'
import type { Decoder } from '../decoding.ts'
import type { CommitFrame, SyncFrame } from '../frame/frame.ts'
import { type DidResolver, didWebHost } from '../identity/did-resolver.ts'
import type { RepoIdentity } from '../identity/repo-identity.ts'
import type { IngestMetrics } from '../metrics.ts'
import { reasonOf } from '../reject-reason.ts'
import type { Origin } from '../source/source.ts'
import { type AccountStanding, statusOfRefusal } from '../state/account-standing.ts'
import type { Committer, Settles } from '../state/committer.ts'
import { HostRefusedError, isHostTrouble, type PdsClient } from '../state/pds-client.ts'
import type { RecordQuota } from '../state/record-quota.ts'
import type { RepoState, RepoStates } from '../state/repo-states.ts'
import { VerifyError } from '../verify/verify-error.ts'
import type { Wanted } from '../wanted.ts'
import { describeLimits, isBeyondLimits } from './beyond-limits.ts'
import { createEventBuffer, type EventBuffer } from './event-buffer.ts'
import { keepPace, TooSlowError } from './keep-pace.ts'
import { createReadMemory, ReadMemoryError, type ReadShare } from './read-memory.ts'
import { type RepoSnapshot, readRepo } from './read-repo.ts'
import type { ResyncLimits } from './resync-limits.ts'
import { createResyncQueue } from './resync-queue.ts'
import { writeSnapshot } from './snapshot-commits.ts'

/**
 * Reads whole repositories where the stream no longer suffices. That a repository waits for it is durable before
 * the event that showed it is acknowledged, so nothing is lost when the process dies; events that come meanwhile
 * are buffered and follow the snapshot in order.
 */
export type Resyncs = AsyncDisposable & {
  /**
   * Marks a repository and reads it soon. Of repositories that were never heard of before, a source makes so many known in
   * a day; what is beyond is passed over, and found when repositories are listed again.
   */
  request(
    did: string,
    request: { why: string; stored: RepoState | undefined; source?: string; event?: Settles },
  ): void
  /** Keeps an event of a repository that waits, of which this is the stored state. */
  buffer(frame: CommitFrame | SyncFrame, origin: Origin, stored: RepoState): void
  /** Looks in the store for repositories that are due, as after a backfill has listed some. */
  wake(): void
  readonly waiting: number
}

export interface ResyncParts {
  readonly db: Db
  readonly states: RepoStates
  readonly resolver: DidResolver
  readonly pds: PdsClient
  readonly standing: AccountStanding
  readonly committer: Committer
  readonly queue: KeyedQueue
  readonly quota: RecordQuota
  readonly decode: Decoder
  readonly wanted: Wanted
  readonly metrics: IngestMetrics
  /** Handles an event that was buffered, after the snapshot; already in the repository's queue. */
  readonly replay: (frame: CommitFrame | SyncFrame, origin: Origin) => Promise<void>
  readonly onRequest: (did: string, why: string) => void
  /** Without `retryAt`, the repository is not read again until it or the limits change. */
  readonly onFailure: (did: string, error: unknown, retryAt: Date | undefined) => void
  readonly limits: ResyncLimits
  readonly signal: AbortSignal
}

export function createResyncs(parts: ResyncParts): Resyncs {
  const buffer = createEventBuffer()
  const memory = createReadMemory(parts.limits.readMemoryBytes)
  const quota = createDailyQuota(parts.limits.perAccountPerDay)
  const unheardOf = createDailyQuota(parts.limits.unheardOfPerSourcePerDay)
  const queue = createResyncQueue({
    limits: parts.limits,
    signal: parts.signal,
    hostOf: async (did) => {
      // The host of a did:web is a stranger's, and not asked before its turn.
      const webHost = didWebHost(did)
      if (webHost !== undefined) return webHost
      const resolution = await parts.resolver.resolve(did).catch(() => undefined)
      return resolution?.status === 'found' ? resolution.identity.pdsHost : 'unresolved'
    },
    work: async (did) => {
      using share = memory.begin()
      return await resyncOne(did, { ...parts, share }, buffer)
    },
    due: async (limit) => (await readDueRepos(parts.db, limit)).map(({ did }) => did),
    nextDue: async () => {
      const at = await readNextDue(parts.db)
      return at === undefined ? undefined : Date.parse(at)
    },
  })
  /** A repository that is too large is read again a day after it changed, however often that is. */
  const readInADay = (did: string, stored: RepoState, event?: Settles) => {
    if (stored.tooLarge === 'waits-a-day') return event?.settle()
    parts.states.set(did, { ...stored, tooLarge: 'waits-a-day' })
    const retryAt = new Date(Date.now() + dayMs).toISOString()
    const error = 'it was too large for this server, and changed since; it is read again within a day'
    const repoState = { did, state: 'desynchronized', error, tries: stored.tries, retryAt } as const
    void parts.committer.write({ repoState }, event)
  }
  return {
    request(did, { why, stored, source, event }) {
      if (stored?.tooLarge) return readInADay(did, stored, event)
      if (!stored && source !== undefined && !unheardOf.take(source)) {
        parts.metrics.reject('quota-resyncs')
        return event?.settle()
      }
      const next: RepoState = { rev: null, data: null, tries: 0, ...stored, state: 'desynchronized' }
      parts.states.set(did, next)
      parts.metrics.resync('asked')
      parts.onRequest(did, why)
      const allowed = quota.take(did)
      const retryAt = allowed ? null : new Date(Date.now() + dayMs).toISOString()
      if (!allowed) parts.metrics.reject('quota-resyncs')
      const repoState = { did, state: 'desynchronized', error: why, tries: 0, retryAt } as const
      void parts.committer.write({ repoState }, event)
      if (allowed) queue.add(did)
    },
    buffer(frame, origin, stored) {
      const isNewer = stored.rev === null || frame.rev > stored.rev
      if (stored.tooLarge && isNewer) readInADay(frame.did, stored)
      else buffer.add(frame, origin)
    },
    wake: queue.wake,
    get waiting() {
      return queue.length
    },
    [Symbol.asyncDispose]: () => queue[Symbol.asyncDispose](),
  }
}

const triesTillDeleted = 4
const dayMs = 24 * 3_600_000
/** Accounts whose reads are counted; of more, those that asked longest ago begin anew. */
const mostCounted = 200_000
/** What was never proved in so many tries is forgotten: half a day later if its host refuses, an hour if it is away. */
const triesTillForgotten = 8
/** What is larger than the limits is read so often: a host may have sent something else by mistake. */
const triesTillTooLarge = 8

/** Counts by key in days of our own clock. */
function createDailyQuota(perDay: number): { take(key: string): boolean } {
  let startedMs = Date.now()
  const counts = new LatestMap<string, number>(mostCounted)
  return {
    take(key) {
      if (Date.now() - startedMs > dayMs) {
        counts.clear()
        startedMs = Date.now()
      }
      const count = (counts.get(key) ?? 0) + 1
      counts.set(key, count)
      return count <= perDay
    },
  }
}

type ReadParts = ResyncParts & { readonly share: ReadShare }

/** Whether its host was quick enough to be given places like any other. */
async function resyncOne(did: string, parts: ReadParts, buffer: EventBuffer): Promise<'slow' | undefined> {
  // Where the store is away, the repository stays due in it, and is taken up again.
  const before = (await parts.states.get(did)) ?? unknownRepo
  buffer.open(did)
  parts.states.set(did, { ...withoutTooLarge(before), state: 'in-progress' })
  try {
    const fetched = await fetchSnapshot(did, before, parts)
    parts.share.keep()
    await parts.queue.run(did, () => applySnapshot({ did, ...fetched }, parts, buffer))
    // Only when it is durable does the store no longer name this repository as due.
    await parts.committer.write({})
    parts.metrics.resync('done')
    return undefined
  } catch (thrown) {
    if (parts.signal.aborted) return undefined
    const error = parts.share.signal.aborted ? parts.share.signal.reason : thrown
    parts.metrics.resync('failed')
    await parts.queue.run(did, () => putOff({ did, error, before }, parts, buffer))
    await parts.committer.write({})
    return error instanceof TooSlowError || isHostTrouble(error) ? 'slow' : undefined
  }
}

function withoutTooLarge({ tooLarge: _, ...state }: RepoState): RepoState {
  return state
}

const unknownRepo: RepoState = { state: 'desynchronized', rev: null, data: null, tries: 0 }

async function fetchSnapshot(did: string, before: RepoState, parts: ReadParts): Promise<Fetched> {
  const { limits, wanted, share } = parts
  const signal = AbortSignal.any([parts.signal, share.signal])
  const askedAtMs = Date.now()
  // A fresh document costs one request and spares a whole repository verified with an old key.
  const resolution = await parts.resolver.resolve(did, { refresh: before.tries > 0 })
  if (resolution.status === 'tombstoned')
    throw new HostRefusedError('RepoNotFound', 'the identity was given up')
  if (resolution.status === 'unresolvable') throw new UnresolvableError(resolution.reason)
  const { identity } = resolution
  await using car = await parts.pds.getRepo(identity.pdsUrl, did, {
    maxBytes: limits.maxRepoBytes,
    timeoutMs: limits.timeoutMs,
    signal,
  })
  const snapshot = await readRepo(keepPace(car.body, limits.pace), {
    did,
    key: identity.signingKey,
    nowMs: Date.now(),
    prefixes: wanted.pathPrefixes,
    maxRecords: limits.recordsPerAccount,
    maxKeptBytes: limits.maxKeptBytes,
    onTake: share.take,
  })
  if (before.rev && snapshot.rev < before.rev) {
    throw new VerifyError(
      'bad-rev',
      `the host answered with ${snapshot.rev}, which is older than ${before.rev}`,
    )
  }
  return { identity, snapshot, askedAtMs }
}

class UnresolvableError extends Error {}

interface Fetched {
  identity: RepoIdentity
  snapshot: RepoSnapshot
  /** When the host was asked: what was learned of the account since then is newer. */
  askedAtMs: number
}

type Landing = Fetched & { did: string }

/**
 * Writes what differs, deletes included, and lets the events that came meanwhile follow. Those are only in memory, and the
 * cursor has passed them, so until they are durable the store says that the repository must be read.
 */
async function applySnapshot(landing: Landing, parts: ResyncParts, buffer: EventBuffer): Promise<void> {
  const { did, identity, snapshot, askedAtMs } = landing
  const { rev } = snapshot
  const hasNewer = buffer.hasNewer(did, rev)
  const unfinished = hasNewer
    ? { repoState: { did, state: 'desynchronized', error: 'later events were not applied yet' } as const }
    : {}
  const account = { did, pdsHost: identity.pdsHost, active: true, status: null, askedAtMs }
  void parts.committer.write({ account })
  // What was handed over before must be in the store before it is compared with.
  await parts.committer.write({})
  parts.quota.set(did, await readRecordUsage(parts.db, did))
  await writeSnapshot(snapshot, {
    did,
    host: identity.pdsHost,
    decode: parts.decode,
    known: await readRepoRecords(parts.db, did),
    admit: (ops) => parts.quota.admit({ did, host: identity.pdsHost }, ops),
    write: (commit) =>
      parts.committer.write({ commit: { ...commit, askedAtMs }, ...(commit.complete ? unfinished : {}) }),
  })
  parts.states.set(did, { state: 'synchronized', rev, data: snapshot.data, tries: 0 })
  // A repository that a backfill found was never seen by an event, which would have had its handle checked.
  parts.standing.checkHandleSoon(identity)
  const { events, lostRev } = buffer.take(did)
  for (const { frame, origin } of events) if (frame.rev > rev) await parts.replay(frame, origin)
  const state = await parts.states.get(did)
  if (lostRev && state?.rev && lostRev > state.rev) {
    throw new Error('more events came during the read than could be buffered')
  }
  // An event may have asked for another read, which is noted already.
  if (hasNewer && state?.state === 'synchronized')
    void parts.committer.write({ repoState: { did, state: 'synchronized', error: null } })
}

/** Notes the failure and when to try again; what the host said of the account is taken up. */
async function putOff(
  { did, error, before }: { did: string; error: unknown; before: RepoState },
  parts: ResyncParts,
  buffer: EventBuffer,
): Promise<void> {
  buffer.take(did)
  const { limits } = parts
  const tries = before.tries + 1
  const decided =
    error instanceof VerifyError || error instanceof UnresolvableError || error instanceof HostRefusedError
  const firstMs = decided ? limits.firstRetryMs * 30 : limits.firstRetryMs
  const isTooLarge = isBeyondLimits(error) && tries >= triesTillTooLarge
  const retryMs = Math.min(firstMs * 2 ** Math.min(tries - 1, 20), limits.maxRetryMs)
  const retryAt = isTooLarge ? undefined : new Date(Date.now() + retryMs)
  if (error instanceof VerifyError) parts.metrics.reject(reasonOf(error.fault))
  if (error instanceof UnresolvableError) parts.metrics.reject('did-unresolvable')
  parts.onFailure(did, error, retryAt)
  const refusal = error instanceof HostRefusedError ? statusOfRefusal(error) : undefined
  // An account on the move may be missing for a while; only after that does it count as deleted.
  const status = refusal === 'deleted' && tries < triesTillDeleted ? 'deactivated' : refusal
  if (status) void parts.committer.write({ account: { did, active: false, status } })
  if (status === 'deleted') return parts.states.drop(did)
  const isForgotten = before.rev === null && tries >= triesTillForgotten && !isTooLarge
  if (isForgotten && !(error instanceof ReadMemoryError)) {
    // What was handed over before must be in the store: it may be of this repository.
    await parts.committer.write({})
    if (await forgetUnproved(parts.db, did)) return parts.states.drop(did)
  }
  const state = { ...withoutTooLarge(before), state: 'desynchronized', tries } as const
  parts.states.set(did, isTooLarge ? { ...state, tooLarge: 'until-changed' } : state)
  const said = (error instanceof Error ? error.message : String(error)).slice(0, 500)
  const message = isTooLarge ? `${said}; ${describeLimits(limits)}` : said
  void parts.committer.write({
    repoState: {
      did,
      state: 'desynchronized',
      error: message,
      tries,
      retryAt: retryAt?.toISOString() ?? untilChanged,
    },
  })
}
