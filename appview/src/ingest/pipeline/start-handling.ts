import { createDidResolver, type DidResolver } from '../identity/did-resolver.ts'
import { createHandleCheck, type HandleCheck } from '../identity/handles.ts'
import { type AccountStanding, createAccountStanding } from '../repo/account-standing.ts'
import { type Backfill, startBackfill } from '../repo/backfill.ts'
import { createPdsClient, type PdsClient } from '../repo/pds-client.ts'
import { createProofFetch } from '../repo/proof-fetch.ts'
import { type Reconcile, startReconcile } from '../repo/reconcile.ts'
import { createResyncs, type Resyncs } from '../repo/resync.ts'
import { defaultResyncLimits, type ResyncLimits } from '../repo/resync-limits.ts'
import { createWanted, type Wanted } from '../wanted.ts'
import type { Committer } from './committer.ts'
import { createGiveUp, type GiveUp } from './give-up.ts'
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
  readonly giveUp: GiveUp
}

const DAY_MS = 24 * 3_600_000

/** Builds what handles events, and starts backfill and reconcile. `hosts` asks the sources themselves. */
export async function startHandling(
  parts: PipelineParts,
  { committer, lanes, hosts }: { committer: Committer; lanes: Lanes; hosts: PdsClient },
): Promise<Handling> {
  const { db, config, metrics, log, signal } = parts
  await using started = new AsyncDisposableStack()
  const wanted = createWanted(config.authorities)
  const states = await loadRepoStates(db)
  const asking = createAsking(parts, committer)
  const shared: Shared = { db, committer, lanes, states, wanted, metrics, log, signal, ...asking }
  const { resyncs, process } = createEventHandling(shared, limitsOf(config))
  started.use(resyncs)
  const { resolver, pds, checkHandle } = asking
  const reconcileMs = config.reconcileMs ?? DAY_MS
  const sources = config.backfill === false ? [] : config.sources
  const listing = { db, hosts, pds, resolver, states, resyncs, wanted, metrics, log, signal }
  const backfill: Backfill = started.use(startBackfill({ ...listing, sources, reconcileMs }))
  const comparing = { db, states, resolver, pds, checkHandle, committer, resyncs, log, signal }
  const reconcile = started.use(startReconcile({ ...comparing, reconcileMs }))
  const stack = started.move()
  return {
    wanted,
    states,
    resyncs,
    backfill,
    reconcile,
    process,
    giveUp: createGiveUp({ committer, resyncs, metrics }),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  }
}

/** Whom we ask about accounts: the directory, the PDSes that it names, and DNS. */
interface Asking {
  readonly resolver: DidResolver
  readonly pds: PdsClient
  readonly checkHandle: HandleCheck
  readonly standing: AccountStanding
}

function createAsking({ config, guardedFetch }: PipelineParts, committer: Committer): Asking {
  const resolver = createDidResolver({ ...config, guardedFetch })
  const pds = createPdsClient(guardedFetch)
  const checkHandle = createHandleCheck({ ...config, guardedFetch })
  const standing = createAccountStanding({
    resolver,
    pds,
    checkHandle,
    onHandle: (account) => void committer.write({ account }),
  })
  return { resolver, pds, checkHandle, standing }
}

type Shared = Asking &
  Pick<PipelineParts, 'db' | 'metrics' | 'log' | 'signal'> & {
    readonly committer: Committer
    readonly lanes: Lanes
    readonly states: RepoStates
    readonly wanted: Wanted
  }

/** Events and whole reads of repositories lead to each other: an event asks for a read, which lets events follow. */
function createEventHandling(
  shared: Shared,
  limits: ResyncLimits,
): { resyncs: Resyncs; process: EventProcessor } {
  const { db, pds, committer, wanted, metrics, log } = shared
  const { recordsPerAccount, recordsPerHost } = limits
  const quota = createRecordQuota({
    db,
    settled: () => committer.write({}),
    recordsPerAccount,
    recordsPerHost,
    onRefused: () => metrics.reject('quota-records'),
  })
  const resyncs = createResyncs({
    ...shared,
    quota,
    limits,
    replay: (frame, origin) => process(frame, origin, () => {}),
    onRequest: (did, why) => log.info({ did, why }, 'a repository is read whole'),
    onFailure: (did, error, retryAt) => {
      const reason = error instanceof Error ? error.message : error
      log.info({ did, retryAt, reason }, 'a repository could not be read')
    },
  })
  const process = createEventProcessor({
    ...shared,
    quota,
    resyncs,
    fetchProof: createProofFetch(pds, wanted.wantsPath),
    onReject: (event) => log.info(event, 'an event was refused'),
  })
  return { resyncs, process }
}

function limitsOf(config: PipelineParts['config']): ResyncLimits {
  const otherwise = defaultResyncLimits
  return {
    ...otherwise,
    recordsPerAccount: config.recordsPerAccount ?? otherwise.recordsPerAccount,
    recordsPerHost: config.recordsPerHost ?? otherwise.recordsPerHost,
    perAccountPerDay: config.resyncsPerAccountPerDay ?? otherwise.perAccountPerDay,
    firstRetryMs: config.firstRetryMs ?? otherwise.firstRetryMs,
  }
}
