import type { Logger } from 'pino'
import { Counter, type Registry } from 'prom-client'
import type { Catalog } from './catalog/open.ts'
import type { AppViewConfig } from './config.ts'
import type { GuardedFetch } from './guarded-fetch.ts'
import type { DidResolver } from './ingest/identity/did-resolver.ts'
import { startMetainfoWorker } from './swarm/metainfo-worker.ts'
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

/** Starts what looks after content: metainfo is fetched and verified, swarms, webseeds and sources are watched. */
export async function startSwarm(parts: SwarmParts): Promise<AsyncDisposable> {
  const { catalog, config, guardedFetch, registry, log } = parts
  await using stack = new AsyncDisposableStack()
  const probes = new Counter({
    name: 'holdfast_probes_total',
    help: 'Trackers, webseeds and sources asked, by outcome',
    labelNames: ['kind', 'outcome'],
    registers: [registry],
  })
  const { allowPrivateHosts, trackers, adminToken, replayMs } = config
  stack.use(await startMetainfo(parts))
  stack.use(
    await startSwarmHealth({
      catalog,
      fetch: guardedFetch,
      trackers,
      adminToken,
      allowPrivateHosts,
      replayMs,
      log,
      onProbe: (kind, outcome) => probes.inc({ kind, outcome }),
    }),
  )
  const running = stack.move()
  return { [Symbol.asyncDispose]: () => running.disposeAsync() }
}

/** Starts fetching and verifying the metainfo of the torrents that are indexed. */
export function startMetainfo({
  catalog,
  config,
  guardedFetch,
  resolver,
  registry,
  log,
}: SwarmParts): Promise<AsyncDisposable> {
  const outcomes = new Counter({
    name: 'holdfast_metainfo_outcomes_total',
    help: 'Metainfo files fetched, by outcome',
    labelNames: ['status'],
    registers: [registry],
  })
  return startMetainfoWorker({
    catalog,
    fetch: guardedFetch,
    pdsOf: (did) => pdsOf(resolver, did),
    log,
    limits: { maxBytes: config.maxMetainfoBytes, indexedFiles, allowPrivateHosts: config.allowPrivateHosts },
    onOutcome: (status) => outcomes.inc({ status }),
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
