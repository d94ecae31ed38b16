/**
 * Watches what the catalogue lists: seeders and leechers at trackers, webseeds, and the origins of datasets.
 * Each watcher goes its rounds at its own pace; stopping loses nothing, for what was seen is already written.
 */
import type { Logger } from 'pino'
import { recordChannel } from '../catalog/changes.ts'
import type { Catalog } from '../catalog/open.ts'
import { refreshSearchStatisticsIfDue } from '../catalog/search/terms/statistics.ts'
import { createGuardedFetch, type GuardedFetch } from '../guarded-fetch.ts'
import { createDiscoveryRound } from './addresses/discovery.ts'
import { createDueProbesRound } from './addresses/due-probes.ts'
import { createRobots } from './addresses/robots.ts'
import { probeSource } from './addresses/source-probe.ts'
import { probeWebseed } from './addresses/webseed-probe.ts'
import { type DhtAddress, type DhtNode, startDhtNode } from './dht/dht-node.ts'
import { createDhtRound } from './dht/dht-round.ts'
import { createHostPace } from './host-pace.ts'
import { createMaintenanceRound } from './maintenance.ts'
import { type Rounds, startRounds } from './rounds.ts'
import { createForeignTrackersRound } from './trackers/foreign-trackers.ts'
import { createOwnTrackerRound, distinctTrackers, ownTrackers } from './trackers/own-tracker-round.ts'

export interface SwarmHealthParts {
  catalog: Catalog
  /** The way to addresses that strangers named. */
  fetch: GuardedFetch
  /** The operator's own announce URLs (`HOLDFAST_TRACKERS`), reached whatever their address. */
  trackers: readonly string[]
  /** `HOLDFAST_ADMIN_TOKEN`, shown to the operator's own tracker when it asks. */
  adminToken?: string | undefined
  /** Nodes by which to enter the DHT, which is then asked beside the trackers; without them it is not. */
  dhtNodes?: readonly DhtAddress[] | undefined
  /** Development only: private addresses are scraped and probed too. */
  allowPrivateHosts: boolean
  /** How long the live streams can be replayed. */
  replayMs: number
  log: Logger
  pace?: Partial<SwarmPace>
  /** Told of each question put to an address, for metrics. */
  onProbe?: (kind: ProbeKind, outcome: string) => void
}

export type ProbeKind = 'tracker' | 'dht' | 'webseed' | 'source'

/** How often to look, in milliseconds. */
export interface SwarmPace {
  /** At the operator's own trackers. */
  ownTrackerMs: number
  /** For records that name something new. */
  discoveryMs: number
  /** For what is due at other people's trackers, webseeds and sources. */
  dueMs: number
  /** How long the counts of other people's trackers are good for. */
  foreignRecheckMs: number
  /** How long what the DHT says is good for. */
  dhtRecheckMs: number
  /** Between the beginnings of two searches in the DHT. */
  dhtGapMs: number
  /** Between two questions to one host of strangers. */
  hostGapMs: number
  /** The first rest of a host that fails; it doubles from there. */
  hostFailureMs: number
  /** Whether search should count its words anew. */
  statisticsMs: number
}

const defaultPace: SwarmPace = {
  ownTrackerMs: 3_000,
  discoveryMs: 5_000,
  dueMs: 30_000,
  foreignRecheckMs: 3_600_000,
  dhtRecheckMs: 6 * 3_600_000,
  dhtGapMs: 1_000,
  hostGapMs: 2_000,
  hostFailureMs: 60_000,
  statisticsMs: 60_000,
}

const hourMs = 3_600_000
/** Samples of webseeds read from one host in an hour: a few contents an hour of the largest pieces. */
const webseedBudgetBytes = 2e9

/** Starts all watchers. Resolves once they listen for changes; disposing of it ends them. */
export async function startSwarmHealth(parts: SwarmHealthParts): Promise<AsyncDisposable> {
  const pace = { ...defaultPace, ...parts.pace }
  const stop = new AbortController()
  await using stack = new AsyncDisposableStack()
  const dht = parts.dhtNodes && stack.use(startDhtNode({ ...parts, nodes: parts.dhtNodes }))
  const watchers = [
    ...startOwnTrackers(parts, pace, stop.signal),
    ...startForeignTrackers(parts, pace, stop.signal),
    ...(dht ? [startDht(dht, parts, { pace, signal: stop.signal })] : []),
  ]
  const probes = startProbes(parts, pace, stop.signal)
  const discovery = startRounds(
    createDiscoveryRound({
      ...parts,
      asksDht: dht !== undefined,
      isOwnTracker: ownTrackers(parts.trackers).has,
      signal: stop.signal,
      onFound: () => {
        for (const rounds of [...watchers, ...probes]) rounds.wake()
      },
    }),
    { name: 'discovery', everyMs: pace.discoveryMs, signal: stop.signal, log: parts.log },
  )
  const upkeep = startUpkeep(parts, pace, stop.signal)
  stack.defer(async () => {
    stop.abort()
    await Promise.all([...watchers, ...probes, ...upkeep, discovery].map((rounds) => rounds.ended))
  })
  stack.use(await parts.catalog.listen(recordChannel, () => discovery.wake()))
  return stack.move()
}

/** What looks after the catalogue itself. */
function startUpkeep(parts: SwarmHealthParts, pace: SwarmPace, signal: AbortSignal): Rounds[] {
  const countWords = async () => {
    await refreshSearchStatisticsIfDue(parts.catalog.db)
  }
  const options = { restShare: 100, signal, log: parts.log }
  return [
    startRounds(createMaintenanceRound({ ...parts, signal }), {
      ...options,
      name: 'maintenance',
      everyMs: hourMs,
    }),
    startRounds(countWords, { ...options, name: 'search statistics', everyMs: pace.statisticsMs }),
  ]
}

function startOwnTrackers(parts: SwarmHealthParts, pace: SwarmPace, signal: AbortSignal): Rounds[] {
  const { catalog, adminToken, log } = parts
  const fetch = createGuardedFetch({ allowPrivateHosts: true })
  return distinctTrackers(parts.trackers).map((tracker) =>
    startRounds(createOwnTrackerRound(tracker, { catalog, fetch, adminToken, signal }), {
      name: tracker,
      everyMs: pace.ownTrackerMs,
      restShare: 10,
      signal,
      log,
    }),
  )
}

function startForeignTrackers(parts: SwarmHealthParts, pace: SwarmPace, signal: AbortSignal): Rounds[] {
  const { catalog, fetch, allowPrivateHosts, log } = parts
  const shared = {
    catalog,
    scraping: { fetch, allowPrivateHosts, signal, timeoutMs: 20_000 },
    pace: hostPaceOf(pace),
    own: ownTrackers(parts.trackers),
    recheckMs: pace.foreignRecheckMs,
    onAsked: (outcome: string) => parts.onProbe?.('tracker', outcome),
  }
  return (['proven', 'unproven'] as const).map((lane) =>
    startRounds(createForeignTrackersRound(lane, shared), {
      name: `${lane} trackers`,
      everyMs: pace.dueMs,
      restShare: 1,
      signal,
      log,
    }),
  )
}

function startDht(
  node: DhtNode,
  { catalog, log, onProbe }: SwarmHealthParts,
  { pace, signal }: { pace: SwarmPace; signal: AbortSignal },
): Rounds {
  const round = createDhtRound({
    catalog,
    node,
    pace: createHostPace({ gapMs: 0, firstFailureMs: pace.hostFailureMs, longestMs: hourMs }),
    gapMs: pace.dhtGapMs,
    recheckMs: pace.dhtRecheckMs,
    signal,
    onAsked: (outcome) => onProbe?.('dht', outcome),
  })
  return startRounds(round, { name: 'DHT', everyMs: pace.dueMs, restShare: 0, signal, log })
}

function startProbes(parts: SwarmHealthParts, pace: SwarmPace, signal: AbortSignal): Rounds[] {
  const { catalog, fetch, allowPrivateHosts, log } = parts
  const sampling = createGuardedFetch({ allowPrivateHosts, maxPerHost: 2, budgetBytes: webseedBudgetBytes })
  const robots = createRobots(fetch, signal)
  const webseeds = createDueProbesRound({
    catalog,
    subject: 'content',
    pace: hostPaceOf(pace),
    hostsAtOnce: 4,
    signal,
    probe: (due) => probeWebseed(due, { catalog, fetch: sampling, signal }),
    onProbed: (status) => parts.onProbe?.('webseed', status),
  })
  const sources = createDueProbesRound({
    catalog,
    subject: 'dataset',
    pace: hostPaceOf(pace),
    hostsAtOnce: 8,
    signal,
    probe: (due) => probeSource(due, { fetch, robots, signal }),
    onProbed: (status) => parts.onProbe?.('source', status),
  })
  const options = { everyMs: pace.dueMs, restShare: 1, signal, log }
  return [
    startRounds(webseeds, { ...options, name: 'webseeds' }),
    startRounds(sources, { ...options, name: 'sources' }),
  ]
}

function hostPaceOf(pace: SwarmPace) {
  return createHostPace({ gapMs: pace.hostGapMs, firstFailureMs: pace.hostFailureMs, longestMs: 24 * hourMs })
}
