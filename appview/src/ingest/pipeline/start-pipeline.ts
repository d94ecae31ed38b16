import type { Logger } from 'pino'
import { readCursors, resetCursor } from '../../catalog/repo-reads.ts'
import type { Db } from '../../catalog/sql.ts'
import { createGuardedFetch, type GuardedFetch } from '../../guarded-fetch.ts'
import type { RepoFrame } from '../frame/frame.ts'
import { createDidResolver } from '../identity/did-resolver.ts'
import { createHandleCheck } from '../identity/handles.ts'
import type { IngestConfig } from '../ingest-config.ts'
import type { IngestMetrics } from '../metrics.ts'
import { createAccountStanding } from '../repo/account-standing.ts'
import { type Backfill, startBackfill } from '../repo/backfill.ts'
import { createPdsClient } from '../repo/pds-client.ts'
import { createProofFetch } from '../repo/proof-fetch.ts'
import { startReconcile } from '../repo/reconcile.ts'
import { createResyncs, defaultResyncLimits } from '../repo/resync.ts'
import { createBackoff } from '../source/backoff.ts'
import { openSource } from '../source/open-source.ts'
import type { SourceState } from '../source/source.ts'
import { createWanted } from '../wanted.ts'
import { createCommitter } from './committer.ts'
import { type Following, follow } from './follow.ts'
import { createGate } from './gate.ts'
import type { Origin } from './judge-commit.ts'
import { createLanes } from './lanes.ts'
import { createEventProcessor } from './process-event.ts'
import { createRecordQuota } from './record-quota.ts'
import { loadRepoStates } from './repo-states.ts'

/** One run of ingest, from what is durable until its signal. */
export type Pipeline = AsyncDisposable & {
  readonly databaseOk: boolean
  readonly reposTracked: number
  readonly inFlight: number
  readonly resyncsWaiting: number
  /** Compares every repository with its host now. */
  reconcile(): Promise<void>
  sources(): readonly (SourceState & { host: string; seq: number })[]
}

export type PipelineParts = {
  readonly db: Db
  readonly config: IngestConfig
  readonly guardedFetch: GuardedFetch
  readonly log: Logger
  readonly metrics: IngestMetrics
  readonly signal: AbortSignal
}

const MAX_IN_FLIGHT = 1_000
const MAX_IN_FLIGHT_BYTES = 64_000_000
const DAY_MS = 24 * 3_600_000

/** Builds the parts of ingest from the sources to the store, and starts them. */
export async function startPipeline(parts: PipelineParts): Promise<Pipeline> {
  const { db, config, guardedFetch, log, metrics, signal } = parts
  await using started = new AsyncDisposableStack()
  const wanted = createWanted(config.authorities)
  const recordsPerAccount = config.recordsPerAccount ?? defaultResyncLimits.recordsPerAccount
  const states = await loadRepoStates(db)
  const resolver = createDidResolver({ ...config, guardedFetch })
  const pds = createPdsClient(guardedFetch)
  // Sources are the operator's choice, so they may be on the operator's own network.
  const hosts = createPdsClient(createGuardedFetch({ allowPrivateHosts: true }))
  const lanes = createLanes()
  const gate = createGate({ maxCount: MAX_IN_FLIGHT, maxBytes: MAX_IN_FLIGHT_BYTES, signal })
  const following: Following[] = []

  const committer = started.use(
    createCommitter({
      db,
      cursors: () =>
        following.flatMap((one) => {
          const seq = one.position()
          return seq === undefined ? [] : [{ host: one.host, seq }]
        }),
      onFault: (error, what) => log.warn({ err: error, what }, 'the store did not take a batch'),
      onBatch: metrics.batch,
    }),
  )
  const checkHandle = createHandleCheck({ ...config, guardedFetch })
  const standing = createAccountStanding({
    resolver,
    pds,
    checkHandle,
    onHandle: (account) => void committer.write({ account }),
  })
  const quota = createRecordQuota({ db, recordsPerAccount, onRefused: () => metrics.reject('quota-records') })
  const resyncs = started.use(
    createResyncs({
      db,
      states,
      resolver,
      pds,
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
  const filter = { wantsPath: wanted.wantsPath, tracks: states.tracks }
  const { plcUrl, reader = 'ours' } = config
  const sources = config.sources.map((source) =>
    openSource(source, { wanted, filter, expect: states.expect, plcUrl, reader }),
  )
  for (const source of sources) {
    following.push(
      follow(source, {
        committer,
        gate,
        lanes,
        process,
        metrics,
        signal,
        originOf: (host) => findOrigin(host, config, hosts, signal),
        startFrom: async (host) => (await readCursors(db)).get(host) ?? 0,
        forgetCursor: async (host) => {
          await committer.flush()
          await resetCursor(db, host)
        },
        onGap: (host, why) => {
          log.warn({ host, why }, 'events may have been missed; its repositories are compared')
          backfill.again(host)
          void reconcile.now().catch(() => {})
        },
        onTrouble: (about, error) => log.warn({ about, err: error }, 'an event or a source waits'),
        giveUp: (frame, why, taken) => giveUp(frame, why, taken),
      }),
    )
  }
  const giveUp = (frame: RepoFrame, why: string, taken: () => void): void => {
    if (frame.kind === 'commit' || frame.kind === 'sync' || frame.kind === 'hint') {
      metrics.reject('did-unresolvable')
      resyncs.request(frame.did, { why, held: undefined, taken })
    } else if (frame.kind === 'account' && !frame.active) {
      const status = frame.status === 'deleted' ? 'deactivated' : (frame.status ?? null)
      void committer.write({ account: { did: frame.did, active: false, status } }, taken)
    } else taken()
  }
  started.defer(async () => {
    await Promise.allSettled(following.map(({ done }) => done))
  })
  const stack = started.move()
  return {
    get databaseOk() {
      return committer.databaseOk
    },
    get reposTracked() {
      return states.count
    },
    get inFlight() {
      return gate.count
    },
    get resyncsWaiting() {
      return resyncs.waiting
    },
    reconcile: reconcile.now,
    sources: () =>
      sources.map(({ host, state }, i) => ({ ...state, host, seq: following[i]?.position() ?? 0 })),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  }
}

/** Asks the source until it answers: what describes itself as a server is a PDS, and is held to its own accounts. */
async function findOrigin(
  host: string,
  config: IngestConfig,
  hosts: ReturnType<typeof createPdsClient>,
  signal: AbortSignal,
): Promise<Origin> {
  const source = config.sources.find(({ url }) => new URL(url).host === host)!
  if (source.kind === 'jetstream') return { host, kind: 'relay' }
  const httpUrl = source.url.replace(/^ws/, 'http')
  const backoff = createBackoff(200, 30_000)
  while (!signal.aborted) {
    try {
      return { host, kind: (await hosts.isPds(httpUrl)) ? 'pds' : 'relay' }
    } catch {
      await backoff.pause(signal)
    }
  }
  return { host, kind: 'pds' }
}
