import { readCursors, resetCursor } from '../../catalog/repo-reads.ts'
import { createGuardedFetch } from '../../guarded-fetch.ts'
import type { IngestConfig } from '../ingest-config.ts'
import { createPdsClient, type PdsClient } from '../repo/pds-client.ts'
import { createBackoff } from '../source/backoff.ts'
import { openSource } from '../source/open-source.ts'
import type { SourceState } from '../source/source.ts'
import { createCommitter } from './committer.ts'
import { type Following, follow } from './follow.ts'
import { createGate } from './gate.ts'
import type { Origin } from './judge-commit.ts'
import { createLanes } from './lanes.ts'
import type { PipelineParts } from './pipeline-parts.ts'
import { startHandling } from './start-handling.ts'

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
  const { wanted, states, process, giveUp } = handling

  const filter = { wantsPath: wanted.wantsPath, tracks: states.tracks }
  const { plcUrl, reader = 'ours' } = config
  const sources = config.sources.map((source) =>
    openSource(source, { wanted, filter, expect: states.expect, plcUrl, reader }),
  )
  const followParts = {
    ...{ committer, gate, lanes, process, metrics, signal, giveUp },
    originOf: (host: string) => findOrigin(host, { config, hosts, signal }),
    startFrom: async (host: string) => (await readCursors(db)).get(host) ?? 0,
    async forgetCursor(host: string) {
      await committer.flush()
      await resetCursor(db, host)
    },
    onGap(host: string, why: string) {
      log.warn({ host, why }, 'events may have been missed; its repositories are compared')
      handling.backfill.again(host)
      void handling.reconcile.now().catch(() => {})
    },
    onTrouble: (about: string, error: unknown) =>
      log.warn({ about, err: error }, 'an event or a source waits'),
  }
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
      return states.count
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

function cursorOf(host: string, seq: number | undefined): { host: string; seq: number }[] {
  return seq === undefined ? [] : [{ host, seq }]
}

/** Asks the source until it answers: what describes itself as a server is a PDS, and is held to its own accounts. */
async function findOrigin(
  host: string,
  { config, hosts, signal }: { config: IngestConfig; hosts: PdsClient; signal: AbortSignal },
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
