import { OperatorError } from '@holdfast/runtime/operator-error'
import type { AnnounceInterval } from './announce-interval.ts'
import type { Counts } from './counts.ts'
import { openHttpServer } from './net/http-server.ts'
import { openUdpSockets } from './net/udp-sockets.ts'
import { WebSockets } from './net/web-sockets.ts'
import { Pages, type PagesParts } from './page.ts'
import type { Swarms } from './swarms/swarms.ts'
import type { ConnectionIds } from './wire/connection-ids.ts'
import { HttpResponder } from './wire/http.ts'
import { TrustedProxies } from './wire/proxy.ts'
import type { SignalReceiver } from './wire/signal-hub.ts'
import { type NoteAnnounce, UdpResponder } from './wire/udp.ts'

/** The parts that one thread needs to answer clients. */
export interface ServeParts {
  settings: ServeSettings
  swarms: Swarms
  interval: AnnounceInterval
  ids: ConnectionIds
  counts: Counts
  hub: SignalReceiver
  listReady: () => boolean
  pages: Pick<PagesParts, 'metrics' | 'swarms' | 'listLeftOut'>
  /** Called for every UDP and HTTP announce that was served. */
  note?: NoteAnnounce | undefined
}

/** The settings of the sockets, as plain values, so that they can be sent to a thread. */
export interface ServeSettings {
  port: number
  udpPort: number
  host: string | undefined
  /** Whether other threads listen on the same ports. */
  reusePort: boolean
  trustedProxies: readonly string[]
  adminToken: string | undefined
  isPublic: boolean
  socketsPerAddress: number
  maxSockets: number
  trackerId: string
}

export type Serving = AsyncDisposable & { port: number; udpPort: number; transport: 'batch' | 'dgram' }

/**
 * Opens the HTTP, WebSocket and UDP sockets and answers requests.
 * @throws OperatorError that says which port cannot be used and what to do
 */
export async function serve(parts: ServeParts): Promise<Serving> {
  await using opened = new AsyncDisposableStack()
  const { settings, swarms, interval, ids, counts, listReady, note } = parts
  const { host, reusePort } = settings
  const proxies = new TrustedProxies(settings.trustedProxies)
  const pages = new Pages({
    ...parts.pages,
    listReady,
    proxies,
    adminToken: settings.adminToken,
    isPublic: settings.isPublic,
  })
  const webSockets = opened.use(new WebSockets(parts.hub, counts))
  const http = opened.use(
    await openHttpServer({
      port: settings.port,
      host,
      reusePort,
      responder: new HttpResponder({
        swarms,
        interval,
        counts,
        listReady,
        note,
        trackerId: settings.trackerId,
      }),
      counts,
      proxies,
      socketsPerAddress: settings.socketsPerAddress,
      maxSockets: settings.maxSockets,
      page: (request, response, client) => pages.answer(request, response, client),
      upgrade: (request, socket, head, client) => {
        if (client === undefined) socket.destroy()
        else webSockets.accept(request, socket, head, client)
      },
    }).catch((error) => explainListen(error, 'HOLDFAST_TRACKER_PORT', settings.port)),
  )
  const responder = new UdpResponder({ swarms, interval, ids, counts, listReady, note })
  const udp = opened.use(
    await openUdpSockets(responder, counts, { port: settings.udpPort, host, reusePort }).catch((error) =>
      explainListen(error, 'HOLDFAST_TRACKER_UDP_PORT', settings.udpPort),
    ),
  )
  const running = opened.move()
  return {
    port: http.port,
    udpPort: udp.port,
    transport: udp.transport,
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  }
}

function explainListen(error: NodeJS.ErrnoException, variable: string, port: number): never {
  const reasons: Readonly<Record<string, string>> = {
    EADDRINUSE: `port ${port} is in use: stop the program that uses it or set ${variable}`,
    EACCES: `this user may not listen on port ${port}: choose one above 1023 with ${variable}`,
    EADDRNOTAVAIL: 'HOLDFAST_TRACKER_HOST is not an address of this machine',
  }
  throw new OperatorError(`the tracker cannot listen: ${reasons[error.code ?? ''] ?? error.message}`, {
    cause: error,
  })
}
