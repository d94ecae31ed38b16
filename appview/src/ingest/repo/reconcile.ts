import { setTimeout as wait } from 'node:timers/promises'
import type { Logger } from 'pino'
import { readAccount } from '../../catalog/reads/account-reads.ts'
import { readTrackedDids } from '../../catalog/reads/repo-reads.ts'
import type { Db } from '../../catalog/sql.ts'
import type { AccountUpdate } from '../../catalog/writes/account-writes.ts'
import type { DidResolver } from '../identity/did-resolver.ts'
import type { HandleCheck } from '../identity/handles.ts'
import type { RepoIdentity } from '../identity/repo-identity.ts'
import { createLimiter } from '../limiter.ts'
import type { Committer } from '../pipeline/committer.ts'
import type { RepoStates } from '../pipeline/repo-states.ts'
import { statusOfRefusal } from './account-standing.ts'
import { HostSaysNo, type PdsClient } from './pds-client.ts'
import type { Resyncs } from './resync.ts'

/**
 * Compares every repository we follow with its own host, on a schedule and after a gap: what no event told us of (an
 * identity given up, an account gone, commits that were never sent) comes to light here.
 */
export type Reconcile = AsyncDisposable & {
  /** Compares all of them now; resolves when each was asked about. */
  now(): Promise<void>
}

export type ReconcileParts = {
  readonly db: Db
  readonly states: RepoStates
  readonly resolver: DidResolver
  readonly pds: PdsClient
  readonly checkHandle: HandleCheck
  readonly committer: Committer
  readonly resyncs: Resyncs
  readonly log: Logger
  readonly signal: AbortSignal
  readonly reconcileMs: number
}

const MAX_CONCURRENT = 8
/** An event on its way to us by the stream is waited for before a repository counts as behind. */
const GRACE_MS = 2_000

export function startReconcile(parts: ReconcileParts): Reconcile {
  const { signal, reconcileMs } = parts
  let running: Promise<void> | undefined
  let next: Promise<void> | undefined
  const start = () => {
    running = reconcileAll(parts, 0).finally(() => {
      running = undefined
    })
    return running
  }
  const now = () => {
    if (!running) return start()
    // The one under way may be past what has just changed.
    next ??= running
      .catch(() => {})
      .then(() => {
        next = undefined
        return start()
      })
    return next
  }
  const schedule = async (): Promise<void> => {
    // A process that is restarted every few hours must get to it, too.
    let nextMs = reconcileMs / 8
    while (!signal.aborted) {
      await wait(nextMs, undefined, { signal }).catch(() => {})
      if (signal.aborted) return
      await (running ?? reconcileAll(parts, reconcileMs / 2)).catch((error) =>
        parts.log.warn({ err: error }, 'comparing the repositories was broken off'),
      )
      nextMs = reconcileMs
    }
  }
  const scheduled = schedule()
  return {
    now,
    async [Symbol.asyncDispose]() {
      await Promise.allSettled([running, next, scheduled])
    },
  }
}

/** Spread over `spreadMs`, so that no host is asked about all its accounts at once. */
async function reconcileAll(parts: ReconcileParts, spreadMs: number): Promise<void> {
  const { signal } = parts
  const dids = await readTrackedDids(parts.db)
  const limit = createLimiter(MAX_CONCURRENT)
  const eachMs = (spreadMs * MAX_CONCURRENT) / Math.max(dids.length, 1)
  await Promise.all(
    dids.map((did) =>
      limit(async () => {
        if (spreadMs > 0) await wait(eachMs, undefined, { signal }).catch(() => {})
        if (!signal.aborted) await reconcileOne(did, parts)
      }),
    ),
  )
}

async function reconcileOne(did: string, parts: ReconcileParts): Promise<void> {
  try {
    const resolution = await parts.resolver.resolve(did, { refresh: true })
    if (resolution.status === 'tombstoned') return void writeGone(did, parts)
    if (resolution.status === 'unresolvable') return
    const { identity } = resolution
    const said = await askStatus(identity, parts.pds)
    await writeDifference(identity, said, parts)
    if (said.active && said.rev) await requestIfBehind(did, said.rev, parts)
  } catch (error) {
    parts.log.debug({ did, err: error }, 'a repository could not be compared')
  }
}

async function askStatus(
  { pdsUrl, did }: RepoIdentity,
  pds: PdsClient,
): Promise<{ active: boolean; status?: string; rev?: string }> {
  try {
    return await pds.getRepoStatus(pdsUrl, did)
  } catch (error) {
    const status = error instanceof HostSaysNo ? statusOfRefusal(error) : undefined
    if (!status) throw error
    // One answer hides; that an account is deleted needs its own event, or a whole read refused again and again.
    return { active: false, status: status === 'deleted' ? 'deactivated' : status }
  }
}

function writeGone(did: string, { states, committer }: ReconcileParts): void {
  states.drop(did)
  void committer.write({ account: { did, active: false, status: 'deleted' } })
}

async function writeDifference(
  identity: RepoIdentity,
  said: { active: boolean; status?: string },
  parts: ReconcileParts,
): Promise<void> {
  const { did, pdsHost } = identity
  const held = await readAccount(parts.db, did)
  const handle = await parts.checkHandle(identity)
  // A relay's own takedown is not the PDS's to lift.
  const activeNow = said.active && !(held?.active === false && held.status === 'takendown')
  const update: AccountUpdate = {
    did,
    ...(held?.handle === handle ? {} : { handle }),
    ...(held?.pdsHost === pdsHost ? {} : { pdsHost }),
    ...(held?.active === activeNow ? {} : { active: activeNow, status: said.status ?? held?.status ?? null }),
  }
  if (Object.keys(update).length > 1) void parts.committer.write({ account: update })
}

async function requestIfBehind(did: string, rev: string, parts: ReconcileParts): Promise<void> {
  const behind = async () => {
    const held = await parts.states.get(did)
    return held?.state === 'synchronized' && (held.rev === null || held.rev < rev) ? held : undefined
  }
  if (!(await behind())) return
  await wait(GRACE_MS, undefined, { signal: parts.signal }).catch(() => {})
  const held = await behind()
  if (held && !parts.signal.aborted) parts.resyncs.request(did, { why: `its host has commit ${rev}`, held })
}
