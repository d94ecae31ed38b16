import type { Logger } from 'pino'
import type { Registry } from 'prom-client'
import { writeSourceLags } from '../catalog/source-lags.ts'
import type { GuardedFetch } from '../outbound/guarded-fetch.ts'
import { aborted } from '../runtime/aborted.ts'
import { keepLeading } from '../store/leader.ts'
import type { Db } from '../store/sql.ts'
import { type Pipeline, startPipeline } from './events/start-pipeline.ts'
import type { IngestConfig } from './ingest-config.ts'
import { type IngestStatus, readIngestStatus } from './ingest-status.ts'
import { createIngestMetrics, type IngestMetrics } from './metrics.ts'

/** The running ingest. Disposal writes events in progress and gives up the right to follow the network. */
export type Ingest = AsyncDisposable & {
  status(): Promise<IngestStatus>
  readonly metrics: IngestMetrics
  /** Whether arriving records are stored; undefined while this process does not ingest. */
  isStoring(): boolean | undefined
  /** Compares every repository with its host now, if this process ingests. */
  reconcile(): Promise<void>
  /** Whether this process is the one that ingests. */
  readonly leading: boolean
}

export interface IngestParts {
  readonly db: Db
  readonly config: IngestConfig
  /** The guarded fetch, for every address that a stranger chose. */
  readonly guardedFetch: GuardedFetch
  readonly log: Logger
  readonly registry?: Registry | undefined
}

/**
 * Starts following the configured sources as soon as no other process on the same store does. When the right to do so is
 * lost, as when the database restarts, the pipeline is abandoned, and a new one starts from what is durable.
 */
export function startIngest(parts: IngestParts): Ingest {
  const { db, config, log } = parts
  const stop = new AbortController()
  let pipeline: Pipeline | undefined
  const metrics = createIngestMetrics(parts.registry, {
    databaseOk: () => pipeline?.databaseOk ?? false,
    reposTracked: () => pipeline?.reposTracked ?? 0,
    inFlight: () => pipeline?.inFlight ?? 0,
    sources: () => pipeline?.sources() ?? [],
  })
  const leading = keepLeading(
    'ingest',
    config.databaseUrl && (config.databaseSessionUrl ?? config.databaseUrl),
    {
      signal: stop.signal,
      async work(signal) {
        await using running = await startPipeline({ ...parts, metrics, signal })
        pipeline = running
        log.info({ sources: config.sources.map(({ url }) => url) }, 'this process follows the sources')
        await using _measuring = startMeasuringLag(db, running)
        await aborted(signal)
        pipeline = undefined
      },
      onStandby: () => log.info('another process follows the sources; standing by'),
      onFault: (error) => log.warn({ err: error }, 'ingest failed; starting it again'),
    },
  )
  return {
    metrics,
    get leading() {
      return pipeline !== undefined
    },
    isStoring: () => pipeline?.databaseOk,
    reconcile: async () => pipeline?.reconcile(),
    status: () => readIngestStatus(db, { config, pipeline, metrics }),
    async [Symbol.asyncDispose]() {
      stop.abort(new Error('ingest is stopping'))
      await leading
    },
  }
}

/** Stands for the ingest of another process: its state is read from the store. */
export function ingestElsewhere({ db, config }: Pick<IngestParts, 'db' | 'config'>): Ingest {
  const metrics = createIngestMetrics(undefined, {
    databaseOk: () => false,
    reposTracked: () => 0,
    inFlight: () => 0,
    sources: () => [],
  })
  return {
    metrics,
    leading: false,
    isStoring: () => undefined,
    reconcile: async () => {},
    status: () => readIngestStatus(db, { config, pipeline: undefined, metrics }),
    async [Symbol.asyncDispose]() {},
  }
}

const measureMs = 2_000

/** Writes regularly how far this process is behind the sources, for the other processes on the store. */
function startMeasuringLag(db: Db, { sources }: Pipeline): AsyncDisposable {
  let writing: Promise<void> | undefined
  const timer = setInterval(() => {
    // Ignore failures: others report that the store is away, and the lag is measured again.
    writing ??= writeSourceLags(db, sources().map(measuredOf))
      .catch(() => {})
      .finally(() => {
        writing = undefined
      })
  }, measureMs)
  return {
    async [Symbol.asyncDispose]() {
      clearInterval(timer)
      await writing
    },
  }
}

function measuredOf({
  host,
  connected,
  lagMs,
  waiting,
  parked,
  caughtUp,
}: ReturnType<Pipeline['sources']>[0]) {
  return { host, connected, lagMs, waiting, parked, caughtUp }
}
