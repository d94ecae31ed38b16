import { randomBytes } from 'node:crypto'
import path from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import type { Logger } from 'pino'
import { pino } from 'pino'
import { followAppViews } from './allow-list/follow.ts'
import type { AllowListSource, AllowListTarget } from './allow-list/source.ts'
import { newAllowListTarget } from './allow-list/target.ts'
import { AnnounceInterval, tickSeconds } from './announce-interval.ts'
import { Sharing } from './cluster/sharing.ts'
import type { TrackerConfig } from './config.ts'
import { newCounts } from './counts.ts'
import { enterPeers, offerHandover, takeOver } from './handover.ts'
import { newMetrics } from './metrics.ts'
import { swarmsAsJson } from './page.ts'
import { type ServeSettings, serve } from './serve.ts'
import { openSwarmMemory } from './swarms/memory.ts'
import { Swarms } from './swarms/swarms.ts'
import { startClock, startUpkeep } from './upkeep.ts'
import { ConnectionIds } from './wire/connection-ids.ts'
import { SignalHub } from './wire/signal-hub.ts'
import { startWorkers } from './workers.ts'

/**
 * Starts a tracker: an allow-list decides which swarms may exist, and clients announce by UDP, HTTP and WebSocket, served by
 * this thread and by as many more as the config says. Port 0 means any free port. Dispose of the tracker to drain and stop it.
 * @throws Error that says which port cannot be used, and why
 */
export async function startTracker(config: TrackerConfig, parts: TrackerParts = {}): Promise<Tracker> {
  await using started = new AsyncDisposableStack()
  const socketPath = path.join(config.dataDir, 'tracker', 'handover.sock')
  const inherited = parts.takeOver ? await takeOver(socketPath) : undefined
  const log = parts.log ?? pino({ name: 'tracker', level: config.logLevel })
  const shared = config.workers > 1
  const { maxTorrents, memoryBytes: peerBytes, peersPerAddress } = config
  const memory = openSwarmMemory({ maxTorrents, peerBytes, peersPerAddress })
  const swarms = new Swarms(memory, { onDrop: (torrent) => hub.forget(torrent), shared })
  const counts = newCounts()
  const listReady = (): boolean => list.ready()
  const hub = new SignalHub({ swarms, counts, listReady, peersPerAddress })
  const keepList = parts.allowList ?? followAppViews(followOptions(config, log))
  const list = started.use(keepList(newAllowListTarget(swarms)))

  const sharingOptions = () => ({
    ...{ url: config.redisUrl!, mayPersist: config.redisMayPersist, swarms, counts, listReady, log },
    peersPerAddress,
    peerLifeMs: () => interval.ttlTicks * tickSeconds * 1000,
  })
  const secret = randomBytes(32)
  const interval = new AnnounceInterval(config.intervalSeconds)
  const ids = new ConnectionIds(secret)
  started.use(startClock({ interval, ids }))
  started.use(startUpkeep({ swarms, interval, memory, list }))

  const sharing =
    config.redisUrl === undefined ? undefined : started.use(await Sharing.start(sharingOptions()))
  const note = sharing?.journal.note.bind(sharing.journal)
  const allCounts = () => workers?.counts(counts) ?? counts
  const registry = newMetrics({
    counts: allCounts,
    totals: () => swarms.totals(),
    interval,
    list,
    sharing: () => sharing?.connected ?? false,
  })
  const pages = { metrics: () => registry.metrics(), swarms: () => swarmsAsJson(swarms) }
  const listLeftOut = (): number => list.leftOut()
  const settings = serveSettings(config)
  const serving = started.use(
    await serve({
      settings,
      swarms,
      interval,
      ids,
      counts,
      hub,
      listReady,
      pages: { ...pages, listLeftOut },
      note,
    }),
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
  /** The port of HTTP and WebSocket. */
  readonly port: number
  readonly udpPort: number
  /** Whether an allow-list is loaded, so that announces are served. */
  listReady(): boolean
  /** Rejects if a serving thread has died, so that the tracker must be restarted. */
  readonly failure: Promise<never>
  /** Resolves when a successor serves instead of this tracker, which can then be disposed of. */
  readonly handedOver: Promise<void>
}

export interface TrackerParts {
  /** Starts the source of the allow-list, if that is not the AppViews of the config. */
  allowList?: (target: AllowListTarget) => AllowListSource
  log?: Logger
  /** Ask the tracker that runs on the same data directory to hand over its peers and ports; start empty if there is none. */
  takeOver?: boolean
  /** Allow a successor to do the same. */
  offersHandover?: boolean
}

/** Peers are added once it is known which torrents are allowed; with a saved list, that is at once. */
async function enterWhenReady(
  peers: Buffer,
  parts: { swarms: Swarms; listReady: () => boolean; log: Logger },
): Promise<void> {
  const deadline = Date.now() + inheritanceMs
  while (!parts.listReady() && Date.now() < deadline) await wait(20)
  const peersEntered = enterPeers(parts.swarms, peers)
  parts.log.info({ peersEntered }, 'took over from the tracker that ran here')
}

const inheritanceMs = 300_000

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
    isPublic: config.isPublic,
    socketsPerAddress: config.socketsPerAddress,
    maxSockets: Math.ceil(50_000 / config.workers),
    // The BEP 3 `tracker id`, which distinguishes the nodes of one tracker; it is new at every start.
    trackerId: randomBytes(4).toString('hex'),
  }
}
