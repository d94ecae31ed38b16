import type { Logger } from 'pino'
import { Counter, Gauge, type Registry } from 'prom-client'
import type { AppViewConfig } from './config.ts'
import type { DidResolver } from './ingest/identity/did-resolver.ts'
import type { GuardedFetch } from './outbound/guarded-fetch.ts'
import { aborted } from './runtime/aborted.ts'
import { keepLeading } from './store/leader.ts'
import type { Catalog } from './store/open.ts'
import { startMetainfoWorker } from './swarm/metainfo/metainfo-worker.ts'
import { startSwarmHealth } from './swarm/swarm-health.ts'
import { startSweeper } from './upkeep/start-sweeper.ts'
import { startUpkeep } from './upkeep/start-upkeep.ts'

export interface SwarmParts {
  catalog: Catalog
  config: AppViewConfig
  guardedFetch: GuardedFetch
  resolver: DidResolver
  registry: Registry
  log: Logger
}

/** The most files of one torrent that are indexed for search; the stored metainfo has all of them. */
export const indexedFiles = 10_000

/**
 * Starts fetching and verifying metainfo, and checking swarms, webseeds and sources. Only one of the processes on a store
 * does this, so that nobody is asked twice; another takes over when it ends.
 */
export function startSwarm(parts: SwarmParts): AsyncDisposable {
  const { config, registry, log } = parts
  const stop = new AbortController()
  const counters = createCounters(registry)
  const leading = keepLeading(
    'swarms',
    config.databaseUrl && (config.databaseSessionUrl ?? config.databaseUrl),
    {
      signal: stop.signal,
      async work(signal) {
        await using stack = new AsyncDisposableStack()
        stack.use(await startSweeping(parts, counters.toSweep))
        stack.use(await startMetainfo(parts, { outcomes: counters.outcomes }))
        stack.use(await startHealth(parts, counters.probes))
        stack.use(startUpkeep({ catalog: parts.catalog, replayMs: config.replayMs, log }))
        await aborted(signal)
      },
      onStandby: () => log.info('another process fetches metainfo and checks swarms; standing by'),
      onFault: (error) =>
        log.warn({ err: error }, 'fetching metainfo and checking swarms failed; starting them again'),
    },
  )
  return {
    async [Symbol.asyncDispose]() {
      stop.abort(new Error('the program is stopping'))
      await leading
    },
  }
}

function startSweeping({ catalog, log }: SwarmParts, toSweep: Gauge): Promise<AsyncDisposable> {
  return startSweeper({
    catalog,
    onRemaining: (records) => toSweep.set(records),
    onProgress: ({ value }, { remaining }) =>
      log.info(
        { subject: value, remaining },
        'updating the flags of records after a decision or a change of account',
      ),
    onFault: (err, subject) =>
      log.warn(
        { err, subject: subject?.value },
        'updating the flags of records failed and will be tried again',
      ),
  })
}

function createCounters(registry: Registry) {
  return {
    outcomes: new Counter({
      name: 'holdfast_metainfo_outcomes_total',
      help: 'Metainfo files fetched, by outcome',
      labelNames: ['status'],
      registers: [registry],
    }),
    probes: new Counter({
      name: 'holdfast_probes_total',
      help: 'Requests to trackers, webseeds and sources, by outcome',
      labelNames: ['kind', 'outcome'],
      registers: [registry],
    }),
    toSweep: new Gauge({
      name: 'holdfast_sweep_records',
      help: 'Records whose flags are still to be updated after a decision or a change of account',
      registers: [registry],
    }),
  }
}

function startHealth(
  { catalog, config, guardedFetch, log }: SwarmParts,
  probes: Counter<'kind' | 'outcome'>,
): Promise<AsyncDisposable> {
  const { allowPrivateHosts, trackers, dhtNodes, adminToken } = config
  return startSwarmHealth({
    catalog,
    fetch: guardedFetch,
    trackers,
    dhtNodes,
    adminToken,
    allowPrivateHosts,
    log,
    onProbe: (kind, outcome) => probes.inc({ kind, outcome }),
  })
}

/** An archive is read from local files: there is no host to spare, so many files are read at once. */
const fromArchive = { concurrency: 256, perAccount: 256, perHost: 256 }

/** Starts fetching and verifying the metainfo of the torrents that are indexed. */
export function startMetainfo(
  { catalog, config, guardedFetch, resolver, log }: Omit<SwarmParts, 'registry'>,
  { isArchive = false, outcomes }: { isArchive?: boolean; outcomes?: Counter<'status'> },
): Promise<AsyncDisposable> {
  return startMetainfoWorker({
    catalog,
    fetch: guardedFetch,
    pdsOf: (did) => pdsOf(resolver, did),
    log,
    limits: {
      maxBytes: config.maxMetainfoBytes,
      indexedFiles,
      allowPrivateHosts: config.allowPrivateHosts,
      ...(isArchive && fromArchive),
    },
    onOutcome: (status) => outcomes?.inc({ status }),
  })
}

async function pdsOf(resolver: DidResolver, did: string): Promise<string> {
  const resolution = await resolver.resolve(did)
  if (resolution.status === 'found') return resolution.identity.pdsUrl
  throw new Error(
    resolution.status === 'tombstoned'
      ? `${did} was tombstoned by its owner`
      : `${did} does not resolve: ${resolution.reason}`,
  )
}
