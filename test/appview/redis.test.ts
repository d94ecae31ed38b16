/** Tests what several AppView processes share through a real Redis. */
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { ownPrograms } from '@holdfast/appview/http/own-programs'
import { createRateLimiter, rateLimit } from '@holdfast/appview/http/rate-limit'
import { openRedis, persistenceOf } from '@holdfast/appview/http/redis'
import { redisTokenIds } from '@holdfast/appview/xrpc/auth/token-ids'
import express from 'express'
import { expect, test } from 'vitest'
import { needs, redisUrl } from '../system/requirements.ts'
import { startRedis } from '../tracker/cluster/redis-servers.ts'

const hasRedisServer = needs('Redis that goes away', 'redis-server')
const hasRedis = needs('two processes that limit an address together', 'Redis')
const url = redisUrl()
const options = { points: 4, seconds: 60 }

test.skipIf(!hasRedis)('counts an address over two processes, in keys that expire', async () => {
  await using one = await startProcess(url)
  await using other = await startProcess(url)
  const address = someAddress()
  expect([...(await one.ask(address, 2)), ...(await other.ask(address, 2))]).toEqual([200, 200, 200, 200])
  expect([...(await one.ask(address, 1)), ...(await other.ask(address, 1))]).toEqual([429, 429])
  expect(await one.ask(someAddress(), 1)).toEqual([200])
})

test.skipIf(!hasRedisServer)('stores no address in Redis, and only keys that expire', async () => {
  await using redis = await startRedis()
  await using one = await startProcess(`redis://127.0.0.1:${redis.port}`)
  await one.ask('203.0.113.77', 1)
  await one.ask('2001:db8:77:77::1', 1)
  const keys = await redis.client.keys('*')
  expect(keys).toHaveLength(4)
  for (const key of keys) {
    expect(key).not.toMatch(/203|2001|db8/)
    expect(await redis.client.ttl(key)).toBeGreaterThan(0)
  }
})

test.skipIf(!hasRedisServer)('a paused Redis delays nobody for longer than a second', async () => {
  await using redis = await startRedis()
  await using one = await startProcess(`redis://127.0.0.1:${redis.port}`)
  expect(await one.ask(someAddress(), 1)).toEqual([200])
  await using _paused = redis.pause()
  const startedAt = performance.now()
  expect(await one.ask(someAddress(), 4)).toEqual([200, 200, 200, 200])
  expect(performance.now() - startedAt).toBeLessThan(2_000)
})

test.skipIf(!hasRedisServer)('warns of a Redis that saves to disk', async () => {
  await using saving = await startRedis(['--appendonly', 'yes'])
  expect(await persistenceOf(saving.client)).toBe('appendonly yes')
  await using quiet = await startRedis()
  expect(await persistenceOf(quiet.client)).toBeUndefined()
})

test.skipIf(!hasRedis)('accepts a token once, whichever process gets it', async () => {
  await using one = await startProcess(url)
  await using other = await startProcess(url)
  const id = randomBytes(16).toString('hex')
  const until = Date.now() / 1_000 + 60
  const taken = await Promise.all([one, other].map(({ redis }) => redisTokenIds(redis).take(id, until)))
  expect(taken.toSorted()).toEqual([false, true])
  expect(await redisTokenIds(one.redis).take(id, until)).toBe(false)
})

test.skipIf(!hasRedisServer)('counts in each process while Redis is away', async () => {
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
})

/** An address from which no other run has sent requests: in IPv6, a /64 counts as one address. */
function someAddress(): string {
  const parts = randomBytes(4).toString('hex').match(/..../g)!
  return `2001:db8:${parts.map((part) => Number.parseInt(part, 16).toString(16)).join(':')}::1`
}

async function startProcess(redisUrl: string) {
  const redis = openRedis(redisUrl, () => {})
  await once(redis, 'ready')
  const app = express()
  app.set('trust proxy', 'loopback')
  const own = ownPrograms({ isPublic: false, adminToken: undefined, onUnnamed: () => {} })
  app.use(rateLimit(createRateLimiter({ ...options, redis, secret: 'of this test' }), { ...options, own }))
  app.use((_req, res) => res.send('ok'))
  const server = app.listen(0)
  await once(server, 'listening')
  return {
    redis,
    /** The statuses of this many requests, one after the other. */
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
