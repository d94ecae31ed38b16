import type { RepoFrame } from '../frame/frame.ts'
import { createDidResolver } from '../identity/did-resolver.ts'
import { createHandleCheck } from '../identity/handles.ts'
import { createAccountStanding } from '../repo/account-standing.ts'
import { type Backfill, startBackfill } from '../repo/backfill.ts'
import { createPdsClient, type PdsClient } from '../repo/pds-client.ts'
import { createProofFetch } from '../repo/proof-fetch.ts'
import { type Reconcile, startReconcile } from '../repo/reconcile.ts'
import { createResyncs, type Resyncs } from '../repo/resync.ts'
import { defaultResyncLimits } from '../repo/resync-limits.ts'
import { createWanted, type Wanted } from '../wanted.ts'
import type { Committer } from './committer.ts'
import type { FollowParts } from './follow.ts'
import type { Lanes } from './lanes.ts'
import type { PipelineParts } from './pipeline-parts.ts'
import { createEventProcessor, type EventProcessor } from './process-event.ts'
import { createRecordQuota } from './record-quota.ts'
import { loadRepoStates, type RepoStates } from './repo-states.ts'

/** What becomes of events, wherever they come from; and the looking after repositories that no event asks for. */
export type Handling = AsyncDisposable & {
  readonly wanted: Wanted
  readonly states: RepoStates
  readonly resyncs: Resyncs
  readonly backfill: Backfill
  readonly reconcile: Reconcile
  readonly process: EventProcessor
  readonly giveUp: FollowParts['giveUp']
}

const DAY_MS = 24 * 3_600_000

/** Builds what handles events, and starts backfill and reconcile. `hosts` asks the sources themselves. */
export async function startHandling(
  parts: PipelineParts,
  { committer, lanes, hosts }: { committer: Committer; lanes: Lanes; hosts: PdsClient },
): Promise<Handling> {
  const { db, config, guardedFetch, log, metrics, signal } = parts
  await using started = new AsyncDisposableStack()
  const wanted = createWanted(config.authorities)
  const recordsPerAccount = config.recordsPerAccount ?? defaultResyncLimits.recordsPerAccount
  const states = await loadRepoStates(db)
  const resolver = createDidResolver({ ...config, guardedFetch })
  const pds = createPdsClient(guardedFetch)
  const checkHandle = createHandleCheck({ ...config, guardedFetch })
  const standing = createAccountStanding({
    resolver,
    pds,
    checkHandle,
    onHandle: (account) => void committer.write({ account }),
  })
  const quota = createRecordQuota({
    db,
    recordsPerAccount,
    recordsPerHost: config.recordsPerHost ?? defaultResyncLimits.recordsPerHost,
    onRefused: () => metrics.reject('quota-records'),
  })
  const resyncs = started.use(
    createResyncs({
      db,
      states,
      resolver,
      pds,
      standing,
      committer,
      lanes,
      quota,
      wanted,
      metrics,
      signal,
      replay: (frame, origin) => process(frame, origin, () => {}),
      onRequest: (did, why) => log.info({ did, why }, 'a repository is read whole'),
      onFailure: (did, error, retryAt) =>
        log.info(
          { did, retryAt, reason: error instanceof Error ? error.message : error },
          'a repository could not be read',
        ),
      limits: {
        ...defaultResyncLimits,
        recordsPerAccount,
        perAccountPerDay: config.resyncsPerAccountPerDay ?? defaultResyncLimits.perAccountPerDay,
        firstRetryMs: config.firstRetryMs ?? defaultResyncLimits.firstRetryMs,
      },
    }),
  )
  const process = createEventProcessor({
    states,
    resolver,
    committer,
    resyncs,
    standing,
    quota,
    wanted,
    fetchProof: createProofFetch(pds, wanted.wantsPath),
    metrics,
    onReject: (event) => log.info(event, 'an event was refused'),
  })
  const backfill: Backfill = started.use(
    startBackfill({
      db,
      hosts,
      pds,
      resolver,
      states,
      resyncs,
      wanted,
      metrics,
      log,
      signal,
      sources: config.backfill === false ? [] : config.sources,
      reconcileMs: config.reconcileMs ?? DAY_MS,
    }),
  )
  const reconcile = started.use(
    startReconcile({
      db,
      states,
      resolver,
      pds,
      checkHandle,
      committer,
      resyncs,
      log,
      signal,
      reconcileMs: config.reconcileMs ?? DAY_MS,
    }),
  )
  const giveUp = (frame: RepoFrame, why: string, taken: () => void): void => {
    if (frame.kind === 'commit' || frame.kind === 'sync' || frame.kind === 'hint') {
      metrics.reject('did-unresolvable')
      resyncs.request(frame.did, { why, held: undefined, taken })
    } else if (frame.kind === 'account' && !frame.active) {
      const status = frame.status === 'deleted' ? 'deactivated' : (frame.status ?? null)
      void committer.write({ account: { did: frame.did, active: false, status } }, taken)
    } else taken()
  }
  const stack = started.move()
  return {
    wanted,
    states,
    resyncs,
    backfill,
    reconcile,
    process,
    giveUp,
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  }
}
