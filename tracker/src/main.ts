import { randomBytes } from 'node:crypto'
import path from 'node:path'
import type { Logger } from 'pino'
import { pino } from 'pino'
import { followAppViews } from './allow-list/follow.ts'
import type { AllowListSource, AllowListTarget } from './allow-list/source.ts'
import { newAllowListTarget } from './allow-list/target.ts'
import type { TrackerConfig } from './config.ts'
import { newCounts } from './counts.ts'
import { newMetrics } from './metrics.ts'
import { openHttpServer } from './net/http-server.ts'
import { openUdpSockets } from './net/udp-sockets.ts'
import { WebSockets } from './net/web-sockets.ts'
import { Pace } from './pace.ts'
import { Pages } from './page.ts'
import { openSwarmMemory } from './swarms/memory.ts'
import { Swarms } from './swarms/swarms.ts'
import { startUpkeep } from './upkeep.ts'
import { ConnectionIds } from './wire/connection-ids.ts'
import { HttpResponder } from './wire/http.ts'
import { TrustedProxies } from './wire/proxy.ts'
import { SignalHub } from './wire/signal-hub.ts'
import { UdpResponder } from './wire/udp.ts'

/**
 * Starts a tracker: an allow-list decides which swarms there may be, and UDP, HTTP and WebSocket feed them.
 * Port 0 takes a free one. Dispose of it to drain and stop.
 * @throws when a port cannot be had, saying which and why
 */
export async function startTracker(config: TrackerConfig, parts: TrackerParts = {}): Promise<Tracker> {
  await using started = new AsyncDisposableStack()
  const log = parts.log ?? pino({ name: 'tracker', level: config.logLevel })
  const memory = openSwarmMemory({ maxTorrents: config.maxTorrents, peerBytes: config.memoryBytes })
  const swarms = new Swarms(memory, (torrent) => hub.forget(torrent))
  const counts = newCounts()
  const pace = new Pace(config.intervalSeconds)
  const ids = new ConnectionIds(randomBytes(32))
  const listReady = (): boolean => list.ready()
  const hub = new SignalHub({ swarms, counts, listReady })
  const keepList = parts.allowList ?? followAppViews(followOptions(config, log))
  const list = started.use(keepList(newAllowListTarget(swarms)))
  started.use(startUpkeep({ swarms, pace, ids, counts }))

  const proxies = new TrustedProxies(config.trustedProxies)
  const registry = newMetrics({ counts: () => counts, totals: () => swarms.totals(), pace, list })
  const pages = new Pages({ swarms, registry, listReady, proxies, adminToken: config.adminToken })
  const webSockets = started.use(new WebSockets(hub, counts))
  const http = started.use(
    await openHttpServer({
      port: config.port,
      host: config.host,
      responder: new HttpResponder({ swarms, pace, counts, listReady, trackerId: nodeId() }),
      counts,
      proxies,
      socketsPerAddress: config.socketsPerAddress,
      maxSockets: 50_000,
      page: (request, response, client) => pages.answer(request, response, client),
      upgrade: (request, socket, head, client) => {
        if (client === undefined) socket.destroy()
        else webSockets.accept(request, socket, head, client)
      },
    }).catch((error) => explainListen(error, 'HOLDFAST_TRACKER_PORT', config.port)),
  )
  const udp = started.use(
    await openUdpSockets(new UdpResponder({ swarms, pace, ids, counts, listReady }), counts, {
      port: config.udpPort,
      host: config.host,
    }).catch((error) => explainListen(error, 'HOLDFAST_TRACKER_UDP_PORT', config.udpPort)),
  )
  log.info({ port: http.port, udpPort: udp.port, udp: udp.transport }, 'tracker is listening')
  const running = started.move()
  return {
    port: http.port,
    udpPort: udp.port,
    listReady,
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  }
}

export type Tracker = AsyncDisposable & {
  /** HTTP and WebSocket. */
  readonly port: number
  readonly udpPort: number
  /** Whether announces are served. */
  listReady(): boolean
}

export type TrackerParts = {
  /** Starts what keeps the allow-list, where it is not the AppViews of the config. */
  allowList?: (target: AllowListTarget) => AllowListSource
  log?: Logger
}

function followOptions(config: TrackerConfig, log: Logger) {
  return {
    urls: config.appviewUrls,
    directory: path.join(config.dataDir, 'tracker'),
    maxAgeMs: config.maxListAgeMs,
    startedAtMs: Date.now(),
    log,
  }
}

/** BEP 3 `tracker id`: tells the nodes of one tracker apart, made anew at every start. */
function nodeId(): string {
  return randomBytes(4).toString('hex')
}

function explainListen(error: NodeJS.ErrnoException, variable: string, port: number): never {
  const reasons: Readonly<Record<string, string>> = {
    EADDRINUSE: `port ${port} is in use: stop what holds it or set ${variable}`,
    EACCES: `this user may not listen on port ${port}: choose one above 1023 with ${variable}`,
    EADDRNOTAVAIL: 'HOLDFAST_TRACKER_HOST is no address of this machine',
  }
  throw new Error(`the tracker cannot listen: ${reasons[error.code ?? ''] ?? error.message}`, {
    cause: error,
  })
}
