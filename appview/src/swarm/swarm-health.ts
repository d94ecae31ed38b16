/**
 * Watches what the catalogue lists: seeders and leechers at trackers, webseeds, and the origins of datasets.
 * Each watcher goes its rounds at its own pace; stopping loses nothing, for what was seen is already written.
 */
import type { Logger } from 'pino'
import { infoHashChannel } from '../catalog/changes.ts'
import type { Catalog } from '../catalog/open.ts'
import { createGuardedFetch, type GuardedFetch } from '../guarded-fetch.ts'
import { startRounds } from './rounds.ts'
import { createSnapshotRound } from './trackers/own-trackers.ts'

export interface SwarmHealthParts {
  catalog: Catalog
  /** The way to addresses that strangers named. */
  fetch: GuardedFetch
  /** The operator's own announce URLs (`HOLDFAST_TRACKERS`), reached whatever their address. */
  trackers: readonly string[]
  /** `HOLDFAST_ADMIN_TOKEN`, shown to the operator's own tracker when it asks. */
  adminToken?: string | undefined
  /** Development only: private addresses are scraped and probed too. */
  allowPrivateHosts: boolean
  /** How long the live streams can be replayed. */
  replayMs: number
  log: Logger
  pace?: Partial<SwarmPace>
  /** Told of each question put to an address, for metrics. */
  onProbe?: (kind: ProbeKind, outcome: string) => void
}

export type ProbeKind = 'own-tracker' | 'tracker' | 'webseed' | 'source'

/** How often to look. */
export interface SwarmPace {
  /** At the operator's own trackers. */
  ownTrackerMs: number
}

const defaultPace: SwarmPace = { ownTrackerMs: 3_000 }

/** Starts all watchers. Resolves once they listen for changes; disposing of it ends them. */
export async function startSwarmHealth(parts: SwarmHealthParts): Promise<AsyncDisposable> {
  const pace = { ...defaultPace, ...parts.pace }
  const stop = new AbortController()
  const { signal } = stop
  const { catalog, log } = parts
  const own = {
    catalog,
    adminToken: parts.adminToken,
    fetch: createGuardedFetch({ allowPrivateHosts: true }),
  }
  const rounds = parts.trackers
    .filter((url) => url.startsWith('http'))
    .map((url) =>
      startRounds(createSnapshotRound(url, { ...own, log, signal }), {
        name: `tracker ${url}`,
        everyMs: pace.ownTrackerMs,
        signal,
        log,
      }),
    )
  const listener = await catalog.listen(infoHashChannel, () => {})
  return {
    async [Symbol.asyncDispose]() {
      stop.abort()
      await Promise.all(rounds.map((round) => round.ended))
      await listener[Symbol.asyncDispose]()
    },
  }
}
