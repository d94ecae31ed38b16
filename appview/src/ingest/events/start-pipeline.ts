import { readCursors, resetCursor } from '../../catalog/cursors.ts'
import { createGuardedFetch } from '../../outbound/guarded-fetch.ts'
import { systemNames } from '../../outbound/system-names.ts'
import { createKeyedQueue, type KeyedQueue } from '../../runtime/keyed-queue.ts'
import { createSemaphore, type Semaphore } from '../../runtime/semaphore.ts'
import type { IngestConfig } from '../ingest-config.ts'
import { openSource } from '../source/open-source.ts'
import type { Source, SourceState } from '../source/source.ts'
import { type Committer, createCommitter } from '../state/committer.ts'
import { createPdsClient, type PdsClient } from '../state/pds-client.ts'
import { findOrigin } from './find-origin.ts'
import { type Following, type FollowParts, follow } from './follow.ts'
import type { Lag } from './lag.ts'
import type { PipelineParts } from './pipeline-parts.ts'
import { createPlaces } from './places.ts'
import { type Handling, startHandling } from './start-handling.ts'

/** One run of ingest, from what is durable until its signal. */
export type Pipeline = AsyncDisposable & {
  readonly databaseOk: boolean
  readonly reposTracked: number
  readonly inFlight: number
  readonly resyncsWaiting: number
  /** Compares every repository with its host now. */
  reconcile(): Promise<void>
  sources(): readonly (SourceState & Lag & { host: string; seq: number })[]
}

const maxInFlight = 1_000
const maxInFlightBytes = 64_000_000

/** Starts ingest from its end to its beginning: the committer, the handling of events, and last the sources of events. */
export async function startPipeline(parts: PipelineParts): Promise<Pipeline> {
  const { db, config, log, metrics, signal } = parts
  await using started = new AsyncDisposableStack()
  const following: Following[] = []
  const committer = started.use(
    createCommitter({
      db,
      cursors: () => following.flatMap(cursorOf),
      onDurable: () => {
        for (const { stored } of following) stored()
      },
      onFault: (error, what) => log.warn({ err: error, what }, 'the store did not take a batch'),
      onBatch: metrics.batch,
    }),
  )
  const queue = createKeyedQueue()
  const semaphore = createSemaphore({ maxCount: maxInFlight, maxBytes: maxInFlightBytes, signal })
  // Sources are the operator's choice, so they may be on the operator's own network.
  const hosts = createPdsClient(createGuardedFetch({ allowPrivateHosts: true, names: systemNames }))
  const handling = started.use(await startHandling(parts, { committer, queue, hosts }))
  const sources = openSources(config, handling)
  const followParts = createFollowParts(parts, { committer, semaphore, queue, hosts, handling })
  following.push(...sources.map((source) => follow(source, followParts)))
  started.defer(async () => {
    await Promise.allSettled(following.map(({ done }) => done))
  })
  const stack = started.move()
  return {
    get databaseOk() {
      return committer.databaseOk
    },
    get reposTracked() {
      return handling.states.count
    },
    get inFlight() {
      return semaphore.count
    },
    get resyncsWaiting() {
      return handling.resyncs.waiting
    },
    reconcile: handling.reconcile.now,
    sources: () =>
      sources.map(({ host, state }, i) => {
        const { position, lag } = following[i]!
        return { ...state, ...lag(), host, seq: position()?.seq ?? 0 }
      }),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  }
}

function openSources({ sources, plcUrl, reader = 'ours' }: IngestConfig, handling: Handling): Source[] {
  const { wanted, states } = handling
  const filter = { wantsPath: wanted.wantsPath, tracks: states.tracks, prefixes: states.prefixes }
  const options = { wanted, filter, expect: states.expect, plcUrl, reader }
  return sources.map((source) => openSource(source, options))
}

/** What following a source needs: the way into the store, and what is done about a source's gaps and troubles. */
function createFollowParts(
  { db, config, log, metrics, signal }: PipelineParts,
  way: {
    committer: Committer
    semaphore: Semaphore
    queue: KeyedQueue
    hosts: PdsClient
    handling: Handling
  },
): FollowParts {
  const { committer, semaphore, queue, hosts, handling } = way
  const { process, giveUp } = handling
  return {
    ...{ committer, queue, process, metrics, signal, giveUp },
    places: createPlaces(semaphore),
    originOf: (host) => findOrigin(host, { config, hosts, signal }),
    startFrom: async (host) => (await readCursors(db)).get(host),
    async forgetCursor(host) {
      await committer.flush()
      await resetCursor(db, host)
    },
    onGap(host, why) {
      log.warn({ host, why }, 'events may have been missed; its repositories are compared')
      handling.backfill.again(host)
      void handling.reconcile.now().catch(() => {})
    },
    onTrouble: (about, error) => log.warn({ about, err: error }, 'an event or a source waits'),
  }
}

function cursorOf({ host, position }: Following): { host: string; seq: number; eventTime?: string }[] {
  const at = position()
  if (!at) return []
  const { seq, timeMs } = at
  return [{ host, seq, ...(timeMs !== undefined && { eventTime: new Date(timeMs).toISOString() }) }]
}
