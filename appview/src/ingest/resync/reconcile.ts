import { setTimeout as wait } from 'node:timers/promises'
import type { Logger } from 'pino'
import type { AccountUpdate } from '../../catalog/accounts.ts'
import { readAccount } from '../../catalog/read/account.ts'
import { readTrackedDids } from '../../catalog/read/repo.ts'
import { createLimiter } from '../../runtime/limiter.ts'
import type { Db } from '../../store/sql.ts'
import type { DidResolver } from '../identity/did-resolver.ts'
import type { HandleCheck } from '../identity/handles.ts'
import type { RepoIdentity } from '../identity/repo-identity.ts'
import { statusOfRefusal } from '../state/account-standing.ts'
import type { Committer } from '../state/committer.ts'
import { HostRefusedError, isHostTrouble, type PdsClient } from '../state/pds-client.ts'
import type { RepoStates } from '../state/repo-states.ts'
import type { Wanted } from '../wanted.ts'
import { stateIfBehind } from './behind.ts'
import { createHostTurns, type HostTurns } from './host-turns.ts'
import type { Resyncs } from './resync.ts'

/**
 * Compares every followed repository with its host, on a schedule and after a gap. This finds changes for which no event came:
 * a tombstoned identity, a deleted account, commits that were never sent.
 */
export type Reconcile = AsyncDisposable & {
  /** Compares all repositories now; resolves when all have been compared. */
  now(): Promise<void>
}

export interface ReconcileParts {
  readonly db: Db
  readonly states: RepoStates
  readonly resolver: DidResolver
  readonly pds: PdsClient
  readonly checkHandle: HandleCheck
  readonly committer: Committer
  readonly resyncs: Resyncs
  readonly wanted: Wanted
  readonly log: Logger
  readonly signal: AbortSignal
  readonly reconcileMs: number
}

/** How many identities are resolved at once. */
const mostConcurrent = 8
const asked = { maxConcurrent: 8, maxPerHost: 2, maxTroubles: 3 }

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
    // The comparison in progress may already have passed what has just changed.
    next ??= running
      .catch(() => {})
      .then(() => {
        next = undefined
        return start()
      })
    return next
  }
  const schedule = async (): Promise<void> => {
    // Begin early, so that a process that is restarted every few hours does compare them.
    let nextMs = reconcileMs / 8
    while (!signal.aborted) {
      await wait(nextMs, undefined, { signal }).catch(() => {})
      if (signal.aborted) return
      await (running ?? reconcileAll(parts, reconcileMs / 2)).catch((error) =>
        parts.log.warn({ err: error }, 'comparing the repositories with their hosts failed'),
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

/** Compares all repositories over a time of `spreadMs`, so that no host is asked about all its accounts at once. */
async function reconcileAll(parts: ReconcileParts, spreadMs: number): Promise<void> {
  const { signal } = parts
  const dids = await readTrackedDids(parts.db)
  const limit = createLimiter(mostConcurrent)
  const turns = createHostTurns({ ...asked, isTrouble: isHostTrouble })
  const eachMs = (spreadMs * mostConcurrent) / Math.max(dids.length, 1)
  await Promise.all(
    dids.map(async (did) => {
      const identity = await limit(async () => {
        if (spreadMs > 0) await wait(eachMs, undefined, { signal }).catch(() => {})
        return signal.aborted ? undefined : identityOf(did, parts)
      })
      // Wait for the host's turn, so that a slow host with many accounts does not block others.
      if (identity && !signal.aborted) await compareOne(identity, turns, parts)
    }),
  )
}

async function identityOf(did: string, parts: ReconcileParts): Promise<RepoIdentity | undefined> {
  try {
    const resolution = await parts.resolver.resolve(did, { refresh: true })
    if (resolution.status === 'tombstoned') writeGone(did, parts)
    return resolution.status === 'found' ? resolution.identity : undefined
  } catch (error) {
    parts.log.debug({ did, err: error }, 'the identity of a repository could not be resolved')
    return undefined
  }
}

async function compareOne(identity: RepoIdentity, turns: HostTurns, parts: ReconcileParts): Promise<void> {
  const { did, pdsHost } = identity
  try {
    const { askedAtMs, ...said } = await turns.ask(pdsHost, async () => {
      const askedAtMs = Date.now()
      return { ...(await askStatus(identity, parts.pds)), askedAtMs }
    })
    await writeDifference(identity, { ...said, askedAtMs }, parts)
    if (said.active && said.rev) await requestIfBehind(identity, said.rev, turns, parts)
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
    const status = error instanceof HostRefusedError ? statusOfRefusal(error) : undefined
    if (!status) throw error
    // One answer only hides the account. Deleting needs an event of its own, or whole reads that are refused repeatedly.
    return { active: false, status: status === 'deleted' ? 'deactivated' : status }
  }
}

function writeGone(did: string, { states, committer }: ReconcileParts): void {
  states.drop(did)
  void committer.write({ account: { did, active: false, status: 'deleted' } })
}

async function writeDifference(
  identity: RepoIdentity,
  said: { active: boolean; status?: string; askedAtMs: number },
  parts: ReconcileParts,
): Promise<void> {
  const { did, pdsHost } = identity
  const stored = await readAccount(parts.db, did)
  const handle = await parts.checkHandle(identity)
  // A takedown by the relay is not lifted by an answer of the PDS.
  const activeNow = said.active && !(stored?.active === false && stored.status === 'takendown')
  const update: AccountUpdate = {
    did,
    ...(stored?.handle === handle ? {} : { handle }),
    ...(stored?.pdsHost === pdsHost ? {} : { pdsHost }),
    ...(stored?.active === activeNow
      ? {}
      : { active: activeNow, status: said.status ?? stored?.status ?? null }),
  }
  if (Object.keys(update).length > 1)
    void parts.committer.write({ account: { ...update, askedAtMs: said.askedAtMs } })
}

async function requestIfBehind(
  identity: RepoIdentity,
  rev: string,
  turns: HostTurns,
  parts: ReconcileParts,
): Promise<void> {
  const inTurn = <T>(task: () => Promise<T>) => turns.ask(identity.pdsHost, task)
  const stored = await stateIfBehind(identity, rev, inTurn, parts)
  if (stored) parts.resyncs.request(identity.did, { why: `its host has commit ${rev}`, stored })
}
