import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { addressKey, isThisMachine } from './address.ts'
import { type RateLimiter, refusal } from './rate-limit.ts'

export interface StreamLimitOptions {
  limiter: RateLimiter
  /** Who asks, by the proxies that are trusted. */
  addressOf(req: IncomingMessage): string
  /** Connections that one address may have open. */
  perAddress?: number
}

export type Upgrade = (req: IncomingMessage, socket: Duplex, head: Buffer) => void

/** A campus or a company behind one address has some dozens of programs that listen, not thousands. */
const usualPerAddress = 50
/** Beginning a stream may read its replay, which costs more than a plain look-up. */
const points = 5

/** Lets an address open so many WebSockets, and no faster than its other requests: beyond that it is told so with 429. */
export function limitStreams(upgrade: Upgrade, options: StreamLimitOptions): Upgrade {
  const { limiter, addressOf, perAddress = usualPerAddress } = options
  const open = new Map<string, number>()
  return (req, socket, head) => {
    if (isThisMachine(req)) return upgrade(req, socket, head)
    const address = addressOf(req)
    const key = addressKey(address)
    const count = open.get(key) ?? 0
    if (count >= perAddress)
      return refuse(socket, {
        seconds: 60,
        message: `This address has ${perAddress} streams open, as many as one may have; close one, or read several collections in one stream.`,
      })
    open.set(key, count + 1)
    socket.once('close', () => {
      const left = (open.get(key) ?? 1) - 1
      if (left > 0) open.set(key, left)
      else open.delete(key)
    })
    // Until the stream has its own listener, a client that hangs up must not end the process.
    const onError = () => socket.destroy()
    socket.on('error', onError)
    limiter.spend(address, points).then(
      ({ isRefused, seconds }) => {
        socket.off('error', onError)
        if (!isRefused) return upgrade(req, socket, head)
        refuse(socket, { seconds, message: `Too many requests from this address; wait ${seconds} seconds.` })
      },
      () => socket.destroy(),
    )
  }
}

function refuse(socket: Duplex, { seconds, message }: { seconds: number; message: string }): void {
  const body = JSON.stringify(refusal(message))
  const head = [
    'HTTP/1.1 429 Too Many Requests',
    'Content-Type: application/json; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(body)}`,
    `Retry-After: ${seconds}`,
    'Connection: close',
  ]
  socket.on('error', () => socket.destroy())
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`, () => socket.destroy())
}
