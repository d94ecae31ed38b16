import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { Counter, Gauge, type Registry } from 'prom-client'
import { addressKey, isThisMachine } from './address.ts'
import { type RateLimiter, refusal } from './rate-limit.ts'

export interface StreamLimitOptions {
  limiter: RateLimiter
  /** Who asks, by the proxies that are trusted. */
  addressOf(req: IncomingMessage): string
  /** Connections that one address may have open. */
  perAddress?: number
  /** Connections that may be open in all. */
  most: number
  registry: Registry
}

export type Upgrade = (req: IncomingMessage, socket: Duplex, head: Buffer) => void

/** A campus or a company behind one address has some dozens of programs that listen, not thousands. */
const usualPerAddress = 50
/** Beginning a stream may read its replay, which costs more than a plain look-up. */
const points = 5
/** Streams last: whoever finds no room looks again after so long. */
const noRoomSeconds = 60

/**
 * Lets so many WebSockets be open, and each address have its share of them, begun no faster than its other requests:
 * beyond that they are told so, with 503 where all are too many and 429 where one asks too much. This machine's own
 * programs, the tracker among them, are let in whatever strangers do.
 */
export function limitStreams(upgrade: Upgrade, options: StreamLimitOptions): Upgrade {
  const { limiter, addressOf, perAddress = usualPerAddress, most } = options
  const metrics = createMetrics(options.registry)
  const open = new Map<string, number>()
  let openInAll = 0
  const refuse = (socket: Duplex, reason: Reason, refused: Refusal) => {
    metrics.refused.inc({ reason })
    answer(socket, refused)
  }
  const hold = (socket: Duplex, key: string | undefined) => {
    metrics.open.set(++openInAll)
    if (key !== undefined) open.set(key, (open.get(key) ?? 0) + 1)
    socket.once('close', () => {
      metrics.open.set(--openInAll)
      if (key === undefined) return
      const left = (open.get(key) ?? 1) - 1
      if (left > 0) open.set(key, left)
      else open.delete(key)
    })
  }
  return (req, socket, head) => {
    if (isThisMachine(req)) {
      hold(socket, undefined)
      return upgrade(req, socket, head)
    }
    const address = addressOf(req)
    const key = addressKey(address)
    if (openInAll >= most) return refuse(socket, 'all', noRoom(most))
    if ((open.get(key) ?? 0) >= perAddress) return refuse(socket, 'address', tooMany(perAddress))
    hold(socket, key)
    // Until the stream has its own listener, a client that hangs up must not end the process.
    const onError = () => socket.destroy()
    socket.on('error', onError)
    limiter.spend(address, points).then(
      ({ isRefused, seconds }) => {
        socket.off('error', onError)
        if (isRefused) refuse(socket, 'pace', tooFast(seconds))
        else upgrade(req, socket, head)
      },
      () => socket.destroy(),
    )
  }
}

type Reason = 'all' | 'address' | 'pace'

interface Refusal {
  status: string
  seconds: number
  body: { error: string; message: string }
}

function noRoom(most: number): Refusal {
  const message = `This server has ${most} streams open, as many as it may have; come back in a minute, with the cursor you have.`
  return {
    status: '503 Service Unavailable',
    seconds: noRoomSeconds,
    body: { error: 'NotEnoughResources', message },
  }
}

function tooMany(perAddress: number): Refusal {
  const message = `This address has ${perAddress} streams open, as many as one may have; close one, or read several collections in one stream.`
  return { status: '429 Too Many Requests', seconds: noRoomSeconds, body: refusal(message) }
}

function tooFast(seconds: number): Refusal {
  const message = `Too many requests from this address; wait ${seconds} seconds.`
  return { status: '429 Too Many Requests', seconds, body: refusal(message) }
}

function answer(socket: Duplex, { status, seconds, body }: Refusal): void {
  const json = JSON.stringify(body)
  const head = [
    `HTTP/1.1 ${status}`,
    'Content-Type: application/json; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(json)}`,
    `Retry-After: ${seconds}`,
    'Connection: close',
  ]
  socket.on('error', () => socket.destroy())
  socket.end(`${head.join('\r\n')}\r\n\r\n${json}`, () => socket.destroy())
}

function createMetrics(registry: Registry) {
  return {
    open: new Gauge({
      name: 'holdfast_streams_open',
      help: 'Live streams that are open',
      registers: [registry],
    }),
    refused: new Counter({
      name: 'holdfast_streams_refused_total',
      help: 'Live streams refused, because there are too many in all or of one address, or because they are begun too fast',
      labelNames: ['reason'],
      registers: [registry],
    }),
  }
}
