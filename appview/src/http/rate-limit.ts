import type { RequestHandler } from 'express'
import type { Redis } from 'ioredis'
import { RateLimiterMemory, RateLimiterRedis, RateLimiterRes } from 'rate-limiter-flexible'

export interface RateLimitOptions {
  /** Points that one address may spend. */
  points: number
  seconds: number
  /** Shared by several processes; each counts for itself without it. */
  redis?: Redis | undefined
}

export const defaultRateLimit = { points: 3_000, seconds: 300 } as const

/** What costs more than a plain look-up. */
const costs: readonly [RegExp, number][] = [
  [/search|torznab|oai/i, 3],
  [/suggest|health|metrics/i, 0],
]

/** Limits requests by address: one machine's scripts must not keep everybody else out. */
export function rateLimit(options: RateLimitOptions): RequestHandler {
  const memory = new RateLimiterMemory({ points: options.points, duration: options.seconds })
  const limiter = options.redis
    ? new RateLimiterRedis({
        storeClient: options.redis,
        keyPrefix: 'holdfast:rate',
        points: options.points,
        duration: options.seconds,
        // Without Redis each process counts for itself: better than no limit, and than no answer.
        insuranceLimiter: memory,
      })
    : memory
  return async (req, res, next) => {
    const points = costs.find(([path]) => path.test(req.path))?.[1] ?? 1
    if (points === 0 || isThisMachine(req)) return next()
    try {
      const spent = await limiter.consume(addressKey(req.ip ?? ''), points)
      setHeaders(res, options, spent)
      next()
    } catch (error) {
      if (!(error instanceof RateLimiterRes)) return next(error)
      setHeaders(res, options, error)
      const seconds = Math.max(1, Math.ceil(error.msBeforeNext / 1000))
      res.setHeader('Retry-After', seconds)
      res.status(429).json({
        error: 'RateLimitExceeded',
        message: `Too many requests from this address; wait ${seconds} seconds.`,
      })
    }
  }
}

/** The operator's own programs beside this one: the tracker, scripts, a bench. A proxy says for whom it asks. */
function isThisMachine(req: {
  socket: { remoteAddress?: string | undefined }
  headers: Record<string, unknown>
}): boolean {
  const address = req.socket.remoteAddress ?? ''
  const isLoopback = address === '::1' || address.startsWith('127.') || address.startsWith('::ffff:127.')
  return isLoopback && req.headers['x-forwarded-for'] === undefined
}

/** One household is one /64 in IPv6; whoever has it has all of its addresses. */
function addressKey(ip: string): string {
  if (!ip.includes(':') || ip.startsWith('::ffff:')) return ip
  const [head = '', tail = ''] = ip.split('::')
  const left = head.split(':').filter(Boolean)
  const right = tail.split(':').filter(Boolean)
  const missing = Math.max(0, 8 - left.length - right.length)
  return [...left, ...Array(missing).fill('0'), ...right].slice(0, 4).join(':')
}

function setHeaders(
  res: Parameters<RequestHandler>[1],
  options: RateLimitOptions,
  spent: RateLimiterRes,
): void {
  res.setHeader('RateLimit-Limit', options.points)
  res.setHeader('RateLimit-Remaining', Math.max(0, spent.remainingPoints))
  res.setHeader('RateLimit-Reset', Math.ceil(spent.msBeforeNext / 1000))
}
