/**
 * Checks the health of everything in the catalog: seeders and leechers at trackers, webseeds, and the sources of datasets.
 * Each kind has its own rounds. Stopping loses nothing, because results are written at once.
 */

import type { Logger } from 'pino'
import { createGuardedFetch, type GuardedFetch } from '../outbound/guarded-fetch.ts'
import { systemNames } from '../outbound/system-names.ts'
import { type Rounds, startRounds } from '../runtime/rounds.ts'
import { channels } from '../store/channels.ts'
import type { Catalog } from '../store/open.ts'
import { type DhtAddress, type DhtNode, startDhtNode } from './dht/dht-node.ts'
import { createDhtRound } from './dht/dht-round.ts'
import { createHostPace } from './host-pace.ts'
import { createDiscoveryRound } from './probes/discovery.ts'
import { createDueProbesRound } from './probes/due-probes.ts'
import { createRobots } from './probes/robots.ts'
import { probeSource } from './probes/source-probe.ts'
import { probeWebseed } from './probes/webseed-probe.ts'
import { createWebseedSampler, type WebseedSampler } from './probes/webseed-sampler.ts'
import { createForeignTrackersRound } from './trackers/foreign-trackers.ts'
import { createOwnTrackerRound, distinctTrackers, ownTrackers } from './trackers/own-tracker-round.ts'

export interface SwarmHealthParts {
  catalog: Catalog
  /** The guarded fetch, for addresses that strangers named. */
  fetch: GuardedFetch
  /** The operator's own announce URLs (`HOLDFAST_TRACKERS`), which may have private addresses. */
  trackers: readonly string[]
  /** `HOLDFAST_ADMIN_TOKEN`, which is sent to the operator's own tracker when it asks for it. */
  adminToken?: string | undefined
  /** The nodes that are asked first in the DHT; without them the DHT is not used. */
  dhtNodes?: readonly DhtAddress[] | undefined
  /** For development: whether private addresses are scraped and probed too. */
  allowPrivateHosts: boolean
  log: Logger
  pace?: Partial<SwarmPace>
  /** Called for each request to an address; for metrics. */
  onProbe?: (kind: ProbeKind, outcome: string) => void
}

export type ProbeKind = 'tracker' | 'dht' | 'webseed' | 'source'

/** How often to check, in milliseconds. */
export interface SwarmPace {
  /** The time between two rounds at the operator's own trackers. */
  ownTrackerMs: number
  /** The time between two searches for new addresses in records. */
  discoveryMs: number
  /** The time between two rounds for due trackers of others, webseeds and sources. */
  dueMs: number
  /** How long the counts of other people's trackers stay valid. */
  foreignRecheckMs: number
  /** How long the counts of the DHT stay valid. */
  dhtRecheckMs: number
  /** The least time from the start of one search in the DHT to the start of the next. */
  dhtGapMs: number
  /** The least time between two requests to one host of a stranger. */
  hostGapMs: number
  /** The rest after a host's first failure; it doubles with each further one. */
  hostFailureMs: number
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
}

const hourMs = 3_600_000
/** The most bytes of samples read from one host in an hour; enough for a few contents with the largest pieces. */
const webseedBudgetBytes = 2e9

/** Starts all rounds. Resolves once they listen for changes; disposing ends them. */
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
  const sampler = createWebseedSampler()
  const probes = startProbes({ ...parts, sampler }, pace, stop.signal)
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
  stack.defer(async () => {
    stop.abort()
    await sampler[Symbol.asyncDispose]()
    await Promise.all([...watchers, ...probes, discovery].map((rounds) => rounds.ended))
  })
  stack.use(await parts.catalog.listen(channels.records, () => discovery.wake()))
  return stack.move()
}

function startOwnTrackers(parts: SwarmHealthParts, pace: SwarmPace, signal: AbortSignal): Rounds[] {
  const { catalog, adminToken, log } = parts
  // The operator's own hosts are resolved as by other programs of this machine, and asked without limits.
  const fetch = createGuardedFetch({ allowPrivateHosts: true, names: systemNames })
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

function startProbes(
  parts: SwarmHealthParts & { sampler: WebseedSampler },
  pace: SwarmPace,
  signal: AbortSignal,
): Rounds[] {
  const { catalog, fetch, sampler, log } = parts
  const sampling = fetch.withLimits({ maxPerHost: 2, budgetBytes: webseedBudgetBytes })
  const robots = createRobots(fetch, signal)
  const webseeds = createDueProbesRound({
    catalog,
    subject: 'content',
    pace: hostPaceOf(pace),
    hostsAtOnce: 16,
    signal,
    probe: (due) => probeWebseed(due, { catalog, fetch: sampling, sampler, signal }),
    onProbed: (status) => parts.onProbe?.('webseed', status),
  })
  const sources = createDueProbesRound({
    catalog,
    subject: 'dataset',
    pace: hostPaceOf(pace),
    hostsAtOnce: 32,
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
