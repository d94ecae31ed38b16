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
export async function startSwarm({
  catalog,
  config,
  guardedFetch,
  resolver,
  registry,
  log,
}: SwarmParts): Promise<AsyncDisposable> {
  await using parts = new AsyncDisposableStack()
  const outcomes = new Counter({
    name: 'holdfast_metainfo_outcomes_total',
    help: 'Metainfo files fetched, by outcome',
    labelNames: ['status'],
    registers: [registry],
  })
  const probes = new Counter({
    name: 'holdfast_probes_total',
    help: 'Trackers, webseeds and sources asked, by outcome',
    labelNames: ['kind', 'outcome'],
    registers: [registry],
  })
  const { allowPrivateHosts, trackers, adminToken, replayMs } = config
  parts.use(
    await startMetainfoWorker({
      catalog,
      fetch: guardedFetch,
      pdsOf: (did) => pdsOf(resolver, did),
      log,
      limits: { maxBytes: config.maxMetainfoBytes, indexedFiles, allowPrivateHosts },
      onOutcome: (status) => outcomes.inc({ status }),
    }),
  )
  parts.use(
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
  const running = parts.move()
  return { [Symbol.asyncDispose]: () => running.disposeAsync() }
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
