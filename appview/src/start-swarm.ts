import type { Logger } from 'pino'
import { Counter, type Registry } from 'prom-client'
import type { Catalog } from './catalog/open.ts'
import { aborted } from './catalog/store/aborted.ts'
import { keepLeading } from './catalog/store/leader.ts'
import type { AppViewConfig } from './config.ts'
import type { GuardedFetch } from './guarded-fetch.ts'
import type { DidResolver } from './ingest/identity/did-resolver.ts'
import { startMetainfoWorker } from './swarm/metainfo/metainfo-worker.ts'
import { startSwarmHealth } from './swarm/swarm-health.ts'

export interface SwarmParts {
  catalog: Catalog
  config: AppViewConfig
  guardedFetch: GuardedFetch
  resolver: DidResolver
  registry: Registry
  log: Logger
}

/** Files of one torrent that are searched; the stored metainfo has the rest. */
export const indexedFiles = 10_000

/**
 * Starts what looks after content: metainfo is fetched and verified, swarms, webseeds and sources are watched. Of the
 * processes on one store one does it, so that nobody is asked twice; another takes over when it ends.
 */
export function startSwarm(parts: SwarmParts): AsyncDisposable {
  const { config, registry, log } = parts
  const stop = new AbortController()
  const counters = createCounters(registry)
  const leading = keepLeading('swarms', config.databaseUrl, {
    signal: stop.signal,
    async work(signal) {
      await using stack = new AsyncDisposableStack()
      stack.use(await startMetainfo(parts, { outcomes: counters.outcomes }))
      stack.use(await startHealth(parts, counters.probes))
      await aborted(signal)
    },
    onStandby: () => log.info('another process looks after metainfo and swarms; standing by'),
    onFault: (error) => log.warn({ err: error }, 'looking after swarms stopped; beginning again'),
  })
  return {
    async [Symbol.asyncDispose]() {
      stop.abort(new Error('the swarm room is stopping'))
      await leading
    },
  }
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
      help: 'Trackers, webseeds and sources asked, by outcome',
      labelNames: ['kind', 'outcome'],
      registers: [registry],
    }),
  }
}

function startHealth(
  { catalog, config, guardedFetch, log }: SwarmParts,
  probes: Counter<'kind' | 'outcome'>,
): Promise<AsyncDisposable> {
  const { allowPrivateHosts, trackers, dhtNodes, adminToken, replayMs } = config
  return startSwarmHealth({
    catalog,
    fetch: guardedFetch,
    trackers,
    dhtNodes,
    adminToken,
    allowPrivateHosts,
    replayMs,
    log,
    onProbe: (kind, outcome) => probes.inc({ kind, outcome }),
  })
}

/** From files beside us there is no host to be polite to, and many are written at once. */
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
      ? `${did} was given up`
      : `${did} does not resolve: ${resolution.reason}`,
  )
}
