import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { type WebSocket, WebSocketServer } from 'ws'
import type { Counts } from '../counts.ts'
import type { SignalReceiver, SignalSocket } from '../wire/signal-hub.ts'
import { MOST_SIGNAL_BYTES } from '../wire/signals.ts'

/** Accepts WebSockets and hands their messages to the hub, at a pace one client may keep. */
export class WebSockets implements AsyncDisposable {
  readonly #hub: SignalReceiver
  readonly #counts: Counts
  readonly #server = new WebSocketServer({
    noServer: true,
    clientTracking: true,
    maxPayload: MOST_SIGNAL_BYTES,
    perMessageDeflate: false,
  })
  readonly #alive = new WeakSet<WebSocket>()
  readonly #timer: NodeJS.Timeout

  constructor(hub: SignalReceiver, counts: Counts) {
    this.#hub = hub
    this.#counts = counts
    this.#timer = setInterval(() => this.#ping(), PING_EVERY_MS).unref()
  }

  accept(request: IncomingMessage, socket: Duplex, head: Buffer, client: string): void {
    this.#server.handleUpgrade(request, socket, head, (ws) => this.#serve(ws, client))
  }

  get open(): number {
    return this.#server.clients.size
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer)
    for (const ws of this.#server.clients) ws.close(GOING_AWAY)
    const deadline = setTimeout(() => {
      for (const ws of this.#server.clients) ws.terminate()
    }, CLOSE_TIMEOUT_MS)
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
        // A client that does not read is not waited for.
        if (ws.bufferedAmount < MOST_BUFFERED_BYTES) ws.send(text)
        else ws.terminate()
      },
    }
    let allowance = BURST_MESSAGES
    let counted = performance.now()
    ws.on('message', (data, isBinary) => {
      const now = performance.now()
      allowance = Math.min(BURST_MESSAGES, allowance + ((now - counted) * MESSAGES_A_SECOND) / 1000) - 1
      counted = now
      if (allowance < 0) ws.close(POLICY_VIOLATION, 'too many messages')
      else if (isBinary) ws.close(UNSUPPORTED_DATA, 'messages are JSON text')
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

const PING_EVERY_MS = 45_000
const CLOSE_TIMEOUT_MS = 2_000
const MOST_BUFFERED_BYTES = 1024 * 1024
/** A page with many torrents announces them all at once; after that an offer or answer now and then. */
const BURST_MESSAGES = 600
const MESSAGES_A_SECOND = 20
const GOING_AWAY = 1001
const UNSUPPORTED_DATA = 1003
const POLICY_VIOLATION = 1008
