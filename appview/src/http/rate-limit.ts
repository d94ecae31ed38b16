import type { RequestHandler } from 'express'
import type { Redis } from 'ioredis'
import { RateLimiterMemory, RateLimiterRedis, RateLimiterRes } from 'rate-limiter-flexible'
import { addressKey, isThisMachine } from './address.ts'

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
  [/search|torznab|oai|catalog|sitemap/i, 3],
  [/suggest|health|metrics/i, 0],
]

/** Counts what each address spends. */
export interface RateLimiter {
  spend(address: string, points: number): Promise<Spent>
}

export interface Spent {
  isRefused: boolean
  remainingPoints: number
  /** Until the address has all its points again. */
  seconds: number
}

/** One counter for every face of a server; it rejects when its store fails and nothing stands in for it. */
export function createRateLimiter(options: RateLimitOptions): RateLimiter {
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
  return {
    async spend(address, points) {
      const [spent, isRefused] = await limiter.consume(addressKey(address), points).then(
        (left) => [left, false] as const,
        (error) => {
          if (error instanceof RateLimiterRes) return [error, true] as const
          throw error
        },
      )
      const { remainingPoints, msBeforeNext } = spent
      return { isRefused, remainingPoints, seconds: Math.max(1, Math.ceil(msBeforeNext / 1000)) }
    },
  }
}

/** Limits requests by address: one machine's scripts must not keep everybody else out. */
export function rateLimit(limiter: RateLimiter, { points: all }: { points: number }): RequestHandler {
  return async (req, res, next) => {
    const points = costs.find(([path]) => path.test(req.path))?.[1] ?? 1
    if (points === 0 || isThisMachine(req)) return next()
    try {
      const { isRefused, remainingPoints, seconds } = await limiter.spend(req.ip ?? '', points)
      res.setHeader('RateLimit-Limit', all)
      res.setHeader('RateLimit-Remaining', Math.max(0, remainingPoints))
      res.setHeader('RateLimit-Reset', seconds)
      if (!isRefused) return next()
      res.setHeader('Retry-After', seconds)
      res.status(429).json(refusal(`Too many requests from this address; wait ${seconds} seconds.`))
    } catch (error) {
      next(error)
    }
  }
}

/** The body of an answer with status 429. */
export function refusal(message: string): { error: string; message: string } {
  return { error: 'RateLimitExceeded', message }
}
