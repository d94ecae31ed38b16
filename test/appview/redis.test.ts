/** What several AppView processes share over a real Redis. */
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { createRateLimiter, rateLimit } from '@holdfast/appview/http/rate-limit'
import { openRedis } from '@holdfast/appview/http/redis'
import { redisTokenIds } from '@holdfast/appview/xrpc/auth/token-ids'
import express from 'express'
import { expect, test } from 'vitest'
import { redisIsInstalled, startRedis } from '../tracker/cluster/redis-servers.ts'

const url = process.env.HOLDFAST_TEST_REDIS_URL
const options = { points: 4, seconds: 60 }
if (!url) {
  if (process.env.CI === 'true') throw new Error('CI must set HOLDFAST_TEST_REDIS_URL.')
  process.stderr.write('left out: Redis (HOLDFAST_TEST_REDIS_URL is not set)\n')
}

test.skipIf(!url)('two processes count an address together, in keys that go by themselves', async () => {
  await using one = await startProcess(url!)
  await using other = await startProcess(url!)
  const address = someAddress()
  expect([...(await one.ask(address, 2)), ...(await other.ask(address, 2))]).toEqual([200, 200, 200, 200])
  expect([...(await one.ask(address, 1)), ...(await other.ask(address, 1))]).toEqual([429, 429])
  expect(await one.ask(someAddress(), 1)).toEqual([200])
  const keys = await one.redis.keys(`*${address.split(':').slice(0, 4).join(':')}*`)
  expect(keys).toHaveLength(1)
  expect(await one.redis.ttl(keys[0]!)).toBeGreaterThan(0)
})

test.skipIf(!url)('a token is used once, whichever process it comes to', async () => {
  await using one = await startProcess(url!)
  await using other = await startProcess(url!)
  const id = randomBytes(16).toString('hex')
  const until = Date.now() / 1_000 + 60
  const taken = await Promise.all([one, other].map(({ redis }) => redisTokenIds(redis).take(id, until)))
  expect(taken.toSorted()).toEqual([false, true])
  expect(await redisTokenIds(one.redis).take(id, until)).toBe(false)
})

test.skipIf(!redisIsInstalled)(
  'while Redis is away each process counts for itself, and answers',
  async () => {
    await using redis = await startRedis()
    await using one = await startProcess(`redis://127.0.0.1:${redis.port}`)
    await using other = await startProcess(`redis://127.0.0.1:${redis.port}`)
    const address = someAddress()
    expect(await one.ask(address, 1)).toEqual([200])
    await redis.stop()
    expect(await one.ask(address, 5)).toEqual([200, 200, 200, 200, 429])
    expect(await other.ask(address, 1)).toEqual([200])
    const tokens = redisTokenIds(one.redis)
    const until = Date.now() / 1_000 + 60
    expect([await tokens.take('once', until), await tokens.take('once', until)]).toEqual([true, false])
  },
)

/** An address that no other run has asked from: in IPv6 a /64 counts as one. */
function someAddress(): string {
  const parts = randomBytes(4).toString('hex').match(/..../g)!
  return `2001:db8:${parts.map((part) => Number.parseInt(part, 16).toString(16)).join(':')}::1`
}

async function startProcess(redisUrl: string) {
  const redis = openRedis(redisUrl, () => {})
  await once(redis, 'ready')
  const app = express()
  app.set('trust proxy', 'loopback')
  app.use(rateLimit(createRateLimiter({ ...options, redis }), options))
  app.use((_req, res) => res.send('ok'))
  const server = app.listen(0)
  await once(server, 'listening')
  return {
    redis,
    /** The statuses of so many requests, one after the other. */
    async ask(address: string, times: number): Promise<number[]> {
      const statuses: number[] = []
      for (let i = 0; i < times; i++) {
        const { port } = server.address() as AddressInfo
        const headers = { 'x-forwarded-for': address }
        statuses.push((await fetch(`http://127.0.0.1:${port}/x`, { headers })).status)
      }
      return statuses
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      server.close()
      redis.disconnect()
    },
  }
}
