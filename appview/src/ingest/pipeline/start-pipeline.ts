import { readCursors, resetCursor } from '../../catalog/reads/repo-reads.ts'
import { createGuardedFetch } from '../../guarded-fetch.ts'
import type { IngestConfig } from '../ingest-config.ts'
import { createPdsClient, type PdsClient } from '../repo/pds-client.ts'
import { openSource } from '../source/open-source.ts'
import type { Source, SourceState } from '../source/source.ts'
import { type Committer, createCommitter } from './committer.ts'
import { findOrigin } from './find-origin.ts'
import { type Following, type FollowParts, follow } from './follow.ts'
import { createGate, type Gate } from './gate.ts'
import { createLanes, type Lanes } from './lanes.ts'
import type { PipelineParts } from './pipeline-parts.ts'
import { type Handling, startHandling } from './start-handling.ts'

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

const MAX_IN_FLIGHT = 1_000
const MAX_IN_FLIGHT_BYTES = 64_000_000

/** Starts ingest from right to left: the store, the handling of events, and last the sources that bring them. */
export async function startPipeline(parts: PipelineParts): Promise<Pipeline> {
  const { db, config, log, metrics, signal } = parts
  await using started = new AsyncDisposableStack()
  const following: Following[] = []
  const committer = started.use(
    createCommitter({
      db,
      cursors: () => following.flatMap(({ host, position }) => cursorOf(host, position())),
      onFault: (error, what) => log.warn({ err: error, what }, 'the store did not take a batch'),
      onBatch: metrics.batch,
    }),
  )
  const lanes = createLanes()
  const gate = createGate({ maxCount: MAX_IN_FLIGHT, maxBytes: MAX_IN_FLIGHT_BYTES, signal })
  // Sources are the operator's choice, so they may be on the operator's own network.
  const hosts = createPdsClient(createGuardedFetch({ allowPrivateHosts: true }))
  const handling = started.use(await startHandling(parts, { committer, lanes, hosts }))
  const sources = openSources(config, handling)
  const followParts = createFollowParts(parts, { committer, gate, lanes, hosts, handling })
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
      return gate.count
    },
    get resyncsWaiting() {
      return handling.resyncs.waiting
    },
    reconcile: handling.reconcile.now,
    sources: () =>
      sources.map(({ host, state }, i) => ({ ...state, host, seq: following[i]?.position() ?? 0 })),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  }
}

function openSources({ sources, plcUrl, reader = 'ours' }: IngestConfig, handling: Handling): Source[] {
  const { wanted, states } = handling
  const filter = { wantsPath: wanted.wantsPath, tracks: states.tracks, sieve: states.sieve }
  const options = { wanted, filter, expect: states.expect, plcUrl, reader }
  return sources.map((source) => openSource(source, options))
}

/** What following a source needs: the way into the store, and what is done about a source's gaps and troubles. */
function createFollowParts(
  { db, config, log, metrics, signal }: PipelineParts,
  way: { committer: Committer; gate: Gate; lanes: Lanes; hosts: PdsClient; handling: Handling },
): FollowParts {
  const { committer, gate, lanes, hosts, handling } = way
  const { process, giveUp } = handling
  return {
    ...{ committer, gate, lanes, process, metrics, signal, giveUp },
    originOf: (host) => findOrigin(host, { config, hosts, signal }),
    startFrom: async (host) => (await readCursors(db)).get(host) ?? 0,
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

function cursorOf(host: string, seq: number | undefined): { host: string; seq: number }[] {
  return seq === undefined ? [] : [{ host, seq }]
}
