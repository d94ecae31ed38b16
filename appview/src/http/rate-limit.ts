import { createHmac, randomBytes } from 'node:crypto'
import type { RequestHandler } from 'express'
import type { Redis } from 'ioredis'
import {
  type RateLimiterAbstract,
  RateLimiterMemory,
  RateLimiterRedis,
  RateLimiterRes,
} from 'rate-limiter-flexible'
import { addressShares } from './address.ts'
import type { OwnPrograms } from './own-programs.ts'
import { costOf } from './request-costs.ts'

export interface RateLimitOptions {
  /** How many points one address may spend. */
  points: number
  seconds: number
  /** Shares the counts between processes; without it each process counts for itself. */
  redis?: Redis | undefined
  /** A secret of the processes that share a Redis, which is not stored there; addresses are hashed with it. */
  secret?: string | undefined
}

export const defaultRateLimit = { points: 3_000, seconds: 300 } as const

/** Counts what each address spends. */
export interface RateLimiter {
  spend(address: string, points: number): Promise<Spent>
}

export interface Spent {
  isRefused: boolean
  remainingPoints: number
  /** Seconds until the address has all its points again. */
  seconds: number
}

/** Makes one counter for all interfaces of a server. It rejects when its store fails and there is no fallback. */
export function createRateLimiter(options: RateLimitOptions): RateLimiter {
  const counters = new Map<number, RateLimiterAbstract>()
  const counterFor = (times: number) => {
    const counter = counters.get(times) ?? createCounter(options, times)
    counters.set(times, counter)
    return counter
  }
  const secret = options.secret ?? randomBytes(32)
  // Redis may save its data to disk, from which no address may be readable.
  const nameOf = (key: string) =>
    options.redis ? createHmac('sha256', secret).update(key).digest('base64url') : key
  return {
    async spend(address, points) {
      let own: Spent | undefined
      // Count the widest network last, so that requests over one household's limit do not use up the limit of its neighbors.
      for (const { key, times } of addressShares(address)) {
        const spent = await consume(counterFor(times), nameOf(key), points)
        if (spent.isRefused) return spent
        own ??= spent
      }
      return own!
    },
  }
}

function createCounter({ points, seconds, redis }: RateLimitOptions, times: number): RateLimiterAbstract {
  const limits = { points: points * times, duration: seconds }
  const memory = new RateLimiterMemory(limits)
  if (!redis) return memory
  return new RateLimiterRedis({
    storeClient: redis,
    keyPrefix: 'holdfast:rate',
    ...limits,
    // Once over the limit, an address is refused without asking Redis again.
    inMemoryBlockOnConsumed: limits.points + 1,
    // While Redis is away each process counts for itself, which is better than no limit or no answer.
    insuranceLimiter: memory,
  })
}

async function consume(counter: RateLimiterAbstract, key: string, points: number): Promise<Spent> {
  const [spent, isRefused] = await counter.consume(key, points).then(
    (left) => [left, false] as const,
    (error) => {
      if (error instanceof RateLimiterRes) return [error, true] as const
      throw error
    },
  )
  const { remainingPoints, msBeforeNext } = spent
  return { isRefused, remainingPoints, seconds: Math.max(1, Math.ceil(msBeforeNext / 1000)) }
}

/** Limits requests by address, so that one machine's scripts do not shut everybody else out. */
export function rateLimit(
  limiter: RateLimiter,
  { points: all, own }: { points: number; own: OwnPrograms },
): RequestHandler {
  return async (req, res, next) => {
    try {
      if (own.includes(req)) return next()
      const { isRefused, remainingPoints, seconds } = await limiter.spend(req.ip ?? '', costOf(req.path))
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
