import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { type WebSocket, WebSocketServer } from 'ws'
import type { Counts } from '../counts.ts'
import type { SignalReceiver } from '../wire/signal-hub.ts'
import type { SignalSocket } from '../wire/signal-swarm.ts'
import { mostSignalBytes } from '../wire/signals.ts'

/** Accepts WebSockets, passes their messages to the hub, and limits how many messages a client may send. */
export class WebSockets implements AsyncDisposable {
  readonly #hub: SignalReceiver
  readonly #counts: Counts
  readonly #server = new WebSocketServer({
    noServer: true,
    clientTracking: true,
    maxPayload: mostSignalBytes,
    perMessageDeflate: false,
  })
  readonly #alive = new WeakSet<WebSocket>()
  readonly #timer: NodeJS.Timeout

  constructor(hub: SignalReceiver, counts: Counts) {
    this.#hub = hub
    this.#counts = counts
    this.#timer = setInterval(() => this.#ping(), pingEveryMs).unref()
  }

  accept(request: IncomingMessage, socket: Duplex, head: Buffer, client: string): void {
    this.#server.handleUpgrade(request, socket, head, (ws) => this.#serve(ws, client))
  }

  get open(): number {
    return this.#server.clients.size
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer)
    for (const ws of this.#server.clients) ws.close(goingAway)
    const deadline = setTimeout(() => {
      for (const ws of this.#server.clients) ws.terminate()
    }, closeTimeoutMs)
    await Promise.all(
      [...this.#server.clients].map((ws) => new Promise((closed) => ws.once('close', closed))),
    )
    clearTimeout(deadline)
  }

  #serve(ws: WebSocket, client: string): void {
    this.#counts.socketConnections++
    this.#alive.add(ws)
    const peer: SignalSocket = {
      client,
      send(text) {
        // Messages to a client that does not read are dropped.
        if (ws.bufferedAmount < mostBufferedBytes) ws.send(text)
        else ws.terminate()
      },
    }
    let allowance = burstMessages
    let counted = performance.now()
    ws.on('message', (data, isBinary) => {
      const now = performance.now()
      allowance = Math.min(burstMessages, allowance + ((now - counted) * messagesASecond) / 1000) - 1
      counted = now
      if (allowance < 0) ws.close(policyViolation, 'too many messages')
      else if (isBinary) ws.close(unsupportedData, 'messages are JSON text')
      else this.#hub.receive(peer, String(data))
    })
    ws.on('pong', () => this.#alive.add(ws))
    ws.on('error', () => ws.terminate())
    ws.on('close', () => this.#hub.close(peer))
  }

  #ping(): void {
    for (const ws of this.#server.clients) {
      if (!this.#alive.delete(ws)) ws.terminate()
      else ws.ping()
    }
  }
}

const pingEveryMs = 45_000
const closeTimeoutMs = 2_000
const mostBufferedBytes = 1024 * 1024
/** A page with many torrents announces all of them at once, and after that sends an offer or answer now and then. */
const burstMessages = 600
const messagesASecond = 20
const goingAway = 1001
const unsupportedData = 1003
const policyViolation = 1008
