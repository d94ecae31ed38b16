import { randomBytes } from 'node:crypto'
import path from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import type { Logger } from 'pino'
import { pino } from 'pino'
import { followAppViews } from './allow-list/follow.ts'
import type { AllowListSource, AllowListTarget } from './allow-list/source.ts'
import { newAllowListTarget } from './allow-list/target.ts'
import { Sharing } from './cluster/sharing.ts'
import type { TrackerConfig } from './config.ts'
import { newCounts } from './counts.ts'
import { enterPeers, offerHandover, takeOver } from './handover.ts'
import { newMetrics } from './metrics.ts'
import { Pace, TICK_SECONDS } from './pace.ts'
import { swarmsAsJson } from './page.ts'
import { type ServeSettings, serve } from './serve.ts'
import { openSwarmMemory } from './swarms/memory.ts'
import { Swarms } from './swarms/swarms.ts'
import { startClock, startUpkeep } from './upkeep.ts'
import { ConnectionIds } from './wire/connection-ids.ts'
import { SignalHub } from './wire/signal-hub.ts'
import { startWorkers } from './workers.ts'

/**
 * Starts a tracker: an allow-list decides which swarms there may be, and UDP, HTTP and WebSocket feed them, in this
 * thread and in as many more as the config says. Port 0 takes a free one. Dispose of it to drain and stop.
 * @throws Error when a port cannot be had, saying which and why
 */
export async function startTracker(config: TrackerConfig, parts: TrackerParts = {}): Promise<Tracker> {
  await using started = new AsyncDisposableStack()
  const socketPath = path.join(config.dataDir, 'tracker', 'handover.sock')
  const inherited = parts.takeOver ? await takeOver(socketPath) : undefined
  const log = parts.log ?? pino({ name: 'tracker', level: config.logLevel })
  const shared = config.workers > 1
  const memory = openSwarmMemory({ maxTorrents: config.maxTorrents, peerBytes: config.memoryBytes })
  const swarms = new Swarms(memory, { onDrop: (torrent) => hub.forget(torrent), shared })
  const counts = newCounts()
  const listReady = (): boolean => list.ready()
  const hub = new SignalHub({ swarms, counts, listReady })
  const keepList = parts.allowList ?? followAppViews(followOptions(config, log))
  const list = started.use(keepList(newAllowListTarget(swarms)))

  const sharingOptions = () => ({
    ...{ url: config.redisUrl!, mayPersist: config.redisMayPersist, swarms, listReady, log },
    peerLifeMs: () => pace.ttlTicks * TICK_SECONDS * 1000,
  })
  const secret = randomBytes(32)
  const pace = new Pace(config.intervalSeconds)
  const ids = new ConnectionIds(secret)
  started.use(startClock({ pace, ids }))
  started.use(startUpkeep({ swarms, pace, memory, list }))

  const sharing =
    config.redisUrl === undefined ? undefined : started.use(await Sharing.start(sharingOptions()))
  const note = sharing?.journal.note.bind(sharing.journal)
  const allCounts = () => workers?.counts(counts) ?? counts
  const registry = newMetrics({
    counts: allCounts,
    totals: () => swarms.totals(),
    pace,
    list,
    sharing: () => sharing?.connected ?? false,
  })
  const pages = { metrics: () => registry.metrics(), swarms: () => swarmsAsJson(swarms) }
  const settings = serveSettings(config)
  const serving = started.use(
    await serve({ settings, swarms, pace, ids, counts, hub, listReady, pages, note }),
  )
  const { port, udpPort } = serving
  const start = { memory: memory.buffer, secret, intervalSeconds: config.intervalSeconds }
  const failure = Promise.withResolvers<never>()
  failure.promise.catch(() => {})
  const workers = shared
    ? started.use(
        await startWorkers(
          config.workers - 1,
          { ...start, shares: sharing !== undefined, settings: { ...settings, port, udpPort } },
          {
            hub,
            answer: (about) => pages[about](),
            onJournal: (shard, records) => sharing?.journal.append(shard, records),
            onFailure: failure.reject,
          },
        ),
      )
    : undefined
  log.info({ port, udpPort, udp: serving.transport, threads: config.workers }, 'tracker is listening')
  if (inherited !== undefined) void enterWhenReady(inherited, { swarms, listReady, log })
  const running = started.move()
  let stopping: Promise<void> | undefined
  const stop = (): Promise<void> => {
    stopping ??= running.disposeAsync()
    return stopping
  }
  const handover = parts.offersHandover
    ? await offerHandover(socketPath, async () => {
        await stop()
        return swarms
      })
    : undefined
  return {
    port,
    udpPort,
    listReady,
    failure: failure.promise,
    handedOver: handover?.done ?? new Promise(() => {}),
    async [Symbol.asyncDispose]() {
      await handover?.[Symbol.asyncDispose]()
      await stop()
    },
  }
}

export type Tracker = AsyncDisposable & {
  /** HTTP and WebSocket. */
  readonly port: number
  readonly udpPort: number
  /** Whether announces are served. */
  listReady(): boolean
  /** Rejects when a serving thread has died and the tracker must be started anew. */
  readonly failure: Promise<never>
  /** Resolves when a successor serves in this tracker's place; it can be disposed of. */
  readonly handedOver: Promise<void>
}

export type TrackerParts = {
  /** Starts what keeps the allow-list, where it is not the AppViews of the config. */
  allowList?: (target: AllowListTarget) => AllowListSource
  log?: Logger
  /** Ask the tracker that runs on the same data directory for its place and its peers; start anew if there is none. */
  takeOver?: boolean
  /** Let a successor do so. */
  offersHandover?: boolean
}

/** Peers can be entered once it is known which torrents are allowed: at once, with a saved list. */
async function enterWhenReady(
  peers: Buffer,
  parts: { swarms: Swarms; listReady: () => boolean; log: Logger },
): Promise<void> {
  const deadline = Date.now() + INHERITANCE_MS
  while (!parts.listReady() && Date.now() < deadline) await wait(20)
  const peersEntered = enterPeers(parts.swarms, peers)
  parts.log.info({ peersEntered }, 'took over from the tracker that ran here')
}

const INHERITANCE_MS = 300_000

function followOptions(config: TrackerConfig, log: Logger) {
  return {
    urls: config.appviewUrls,
    directory: path.join(config.dataDir, 'tracker'),
    maxAgeMs: config.maxListAgeMs,
    startedAtMs: Date.now(),
    log,
  }
}

function serveSettings(config: TrackerConfig): ServeSettings {
  return {
    port: config.port,
    udpPort: config.udpPort,
    host: config.host,
    reusePort: config.workers > 1,
    trustedProxies: config.trustedProxies,
    adminToken: config.adminToken,
    socketsPerAddress: config.socketsPerAddress,
    maxSockets: Math.ceil(50_000 / config.workers),
    // BEP 3 `tracker id`: tells the nodes of one tracker apart, made anew at every start.
    trackerId: randomBytes(4).toString('hex'),
  }
}
