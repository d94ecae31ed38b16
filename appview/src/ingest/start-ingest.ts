import type { Logger } from 'pino'
import type { Registry } from 'prom-client'
import type { Db } from '../catalog/sql.ts'
import { aborted } from '../catalog/store/aborted.ts'
import { keepLeading } from '../catalog/store/leader.ts'
import type { GuardedFetch } from '../guarded-fetch.ts'
import type { IngestConfig } from './ingest-config.ts'
import { type IngestStatus, readIngestStatus } from './ingest-status.ts'
import { createIngestMetrics, type IngestMetrics } from './metrics.ts'
import { type Pipeline, startPipeline } from './pipeline/start-pipeline.ts'

/** Following the network. Disposal writes what is under way and lets go of the lead. */
export type Ingest = AsyncDisposable & {
  status(): Promise<IngestStatus>
  readonly metrics: IngestMetrics
  /** Compares every repository with its host now, where this process ingests. */
  reconcile(): Promise<void>
  /** Whether this process is the one that ingests. */
  readonly leading: boolean
}

export type IngestParts = {
  readonly db: Db
  readonly config: IngestConfig
  /** For every address a stranger chose. */
  readonly guardedFetch: GuardedFetch
  readonly log: Logger
  readonly registry?: Registry | undefined
}

/**
 * Starts following the configured sources, as soon as no other process on the same store does. Whenever the lead is
 * lost, as when the database restarts, the pipeline is left as it stands and begins again from what is durable.
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
  const leading = keepLeading('ingest', config.databaseUrl, {
    signal: stop.signal,
    async work(signal) {
      await using running = await startPipeline({ ...parts, metrics, signal })
      pipeline = running
      log.info({ sources: config.sources.map(({ url }) => url) }, 'ingest leads')
      await aborted(signal)
      pipeline = undefined
    },
    onStandby: () => log.info('another process ingests; standing by'),
    onFault: (error) => log.warn({ err: error }, 'ingest stopped; beginning again'),
  })
  return {
    metrics,
    get leading() {
      return pipeline !== undefined
    },
    reconcile: async () => pipeline?.reconcile(),
    status: () => readIngestStatus(db, { sources: config.sources, pipeline, metrics }),
    async [Symbol.asyncDispose]() {
      stop.abort(new Error('ingest is stopping'))
      await leading
    },
  }
}
