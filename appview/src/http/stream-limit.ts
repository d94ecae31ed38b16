import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { Counter, Gauge, type Registry } from 'prom-client'
import { type AddressShare, addressShares } from './address.ts'
import type { OwnPrograms } from './own-programs.ts'
import { type RateLimiter, refusal } from './rate-limit.ts'

export interface StreamLimitOptions {
  limiter: RateLimiter
  own: OwnPrograms
  /** The client's address, as the trusted proxies report it. */
  addressOf(req: IncomingMessage): string
  /** The most connections open at once from one address. */
  perAddress?: number
  /** The most connections open at once in all. */
  most: number
  registry: Registry
}

export type Upgrade = (req: IncomingMessage, socket: Duplex, head: Buffer) => void

/** Enough for the programs of a campus or a company behind one address. */
const usualPerAddress = 50
/** The cost of opening a stream, in points; it may have to read a replay, so it is more than that of a plain look-up. */
const points = 5
/** How long a client should wait when there are too many streams; long, because streams last long. */
const noRoomSeconds = 60

/**
 * Limits how many WebSockets are open, in all (else 503) and from each address (else 429). Opening one costs points of the
 * address's rate limit, as other requests do. The operator's own programs, including the tracker, are not limited.
 */
export function limitStreams(upgrade: Upgrade, options: StreamLimitOptions): Upgrade {
  const { limiter, own, addressOf, perAddress = usualPerAddress, most } = options
  const metrics = createMetrics(options.registry)
  const open = new Map<string, number>()
  let openInAll = 0
  const refuse = (socket: Duplex, reason: Reason, refused: Refusal) => {
    metrics.refused.inc({ reason })
    answer(socket, refused)
  }
  const hold = (socket: Duplex, shares: readonly AddressShare[]) => {
    metrics.open.set(++openInAll)
    for (const { key } of shares) open.set(key, (open.get(key) ?? 0) + 1)
    socket.once('close', () => {
      metrics.open.set(--openInAll)
      for (const { key } of shares) {
        const left = (open.get(key) ?? 1) - 1
        if (left > 0) open.set(key, left)
        else open.delete(key)
      }
    })
  }
  return (req, socket, head) => {
    if (own.includes(req)) {
      hold(socket, [])
      return upgrade(req, socket, head)
    }
    const address = addressOf(req)
    const shares = addressShares(address)
    const full = shares.find(({ key, times }) => (open.get(key) ?? 0) >= perAddress * times)
    if (openInAll >= most) return refuse(socket, 'all', noRoom(most))
    if (full) return refuse(socket, 'address', tooMany(perAddress * full.times))
    hold(socket, shares)
    // Until the stream has its own error listener, a client that hangs up would otherwise end the process.
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
      help: 'Open live streams',
      registers: [registry],
    }),
    refused: new Counter({
      name: 'holdfast_streams_refused_total',
      help: 'Live streams refused because there were too many in all or from one address, or because they were opened too fast',
      labelNames: ['reason'],
      registers: [registry],
    }),
  }
}
