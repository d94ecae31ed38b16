import { useCollections } from '../../catalog/collection-sets.ts'
import { retryTooLarge } from '../../catalog/too-large-repos.ts'
import type { KeyedQueue } from '../../runtime/keyed-queue.ts'
import { createSemaphore } from '../../runtime/semaphore.ts'
import { createDecoder, maxDecodedBytes } from '../decoding.ts'
import { createDidResolver, type DidResolver } from '../identity/did-resolver.ts'
import { createHandleCheck, type HandleCheck } from '../identity/handles.ts'
import { hostsToList } from '../ingest-config.ts'
import { type Backfill, startBackfill } from '../resync/backfill.ts'
import { describeLimits } from '../resync/beyond-limits.ts'
import { createProofFetch } from '../resync/proof-fetch.ts'
import { type Reconcile, startReconcile } from '../resync/reconcile.ts'
import { createResyncs, type Resyncs } from '../resync/resync.ts'
import { defaultResyncLimits, type ResyncLimits } from '../resync/resync-limits.ts'
import { type AccountStanding, createAccountStanding } from '../state/account-standing.ts'
import type { Committer } from '../state/committer.ts'
import { createPdsClient, type PdsClient } from '../state/pds-client.ts'
import { createRecordQuota } from '../state/record-quota.ts'
import { loadRepoStates, type RepoStates } from '../state/repo-states.ts'
import { createWanted, type Wanted } from '../wanted.ts'
import { createGiveUp, type GiveUp } from './give-up.ts'
import { createIngestEvent } from './ingest-event.ts'
import type { PipelineParts } from './pipeline-parts.ts'
import { createEventProcessor, type EventProcessor } from './process-event.ts'

/** Everything that handles events, whatever their source, and that looks after repositories without events. */
export type Handling = AsyncDisposable & {
  readonly wanted: Wanted
  readonly states: RepoStates
  readonly resyncs: Resyncs
  readonly backfill: Backfill
  readonly reconcile: Reconcile
  readonly process: EventProcessor
  readonly giveUp: GiveUp
}

const dayMs = 24 * 3_600_000

/** Builds what handles events, and starts backfill and reconcile. `hosts` asks the sources themselves. */
export async function startHandling(
  parts: PipelineParts,
  { committer, queue, hosts }: { committer: Committer; queue: KeyedQueue; hosts: PdsClient },
): Promise<Handling> {
  const { db, config, metrics, log, signal } = parts
  await using started = new AsyncDisposableStack()
  const wanted = createWanted(config.authorities)
  await useCollections(db, wanted.nsids)
  const states = await loadRepoStates(db)
  const asking = createAsking(parts, committer)
  const shared: Shared = { db, committer, queue, states, wanted, metrics, log, signal, ...asking }
  const limits = limitsOf(config)
  await retryTooLarge(db, describeLimits(limits))
  const { resyncs, process } = createEventHandling(shared, limits)
  started.use(resyncs)
  const { resolver, pds, checkHandle } = asking
  const reconcileMs = config.reconcileMs ?? dayMs
  const listed = hostsToList(config)
  const listing = { db, hosts, pds, resolver, states, resyncs, wanted, metrics, log, signal }
  const backfill: Backfill = started.use(startBackfill({ ...listing, listed, reconcileMs }))
  const comparing = { db, states, resolver, pds, checkHandle, committer, resyncs, wanted, log, signal }
  const reconcile = started.use(startReconcile({ ...comparing, reconcileMs }))
  const stack = started.move()
  return {
    wanted,
    states,
    resyncs,
    backfill,
    reconcile,
    process,
    giveUp: createGiveUp({ committer, resyncs, metrics, states }),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  }
}

/** What answers questions about accounts: the directory, the PDSes that it names, and DNS. */
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
    readonly queue: KeyedQueue
    readonly states: RepoStates
    readonly wanted: Wanted
  }

/** Events and full reads of repositories depend on each other: an event can ask for a read, after which buffered events are replayed. */
function createEventHandling(
  shared: Shared,
  limits: ResyncLimits,
): { resyncs: Resyncs; process: EventProcessor } {
  const { db, pds, committer, wanted, metrics, log, signal } = shared
  const quota = createRecordQuota({
    db,
    settled: () => committer.write({}),
    limits,
    onRefused: metrics.reject,
  })
  const memory = createSemaphore({ maxCount: Number.POSITIVE_INFINITY, maxBytes: maxDecodedBytes, signal })
  const decode = createDecoder({ wanted, memory, onReject: metrics.reject })
  const resyncs = createResyncs({
    ...shared,
    quota,
    decode,
    limits,
    replay: (frame, origin) => process(createIngestEvent(frame, origin)),
    onRequest: (did, why) => log.info({ did, why }, 'a repository is read whole'),
    onFailure: (did, error, retryAt) => {
      const reason = error instanceof Error ? error.message : error
      if (retryAt) log.info({ did, retryAt, reason }, 'a repository could not be read')
      else
        log.warn(
          { did, reason },
          'a repository is too large to be read; it waits until it or the limits change',
        )
    },
  })
  const process = createEventProcessor({
    ...shared,
    quota,
    decode,
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
    readMemoryBytes: config.repoMemoryBytes ?? otherwise.readMemoryBytes,
    recordsPerAccount: config.recordsPerAccount ?? otherwise.recordsPerAccount,
    recordsPerHost: config.recordsPerHost ?? otherwise.recordsPerHost,
    perAccountPerDay: config.resyncsPerAccountPerDay ?? otherwise.perAccountPerDay,
    unheardOfPerSourcePerDay: config.unheardOfPerSourcePerDay ?? otherwise.unheardOfPerSourcePerDay,
    firstRetryMs: config.firstRetryMs ?? otherwise.firstRetryMs,
  }
}
