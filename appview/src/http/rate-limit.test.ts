import type { AddressInfo } from 'node:net'
import express from 'express'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createRateLimiter, rateLimit } from './rate-limit.ts'

let server: ReturnType<express.Express['listen']>
beforeAll(async () => {
  const app = express()
  app.set('trust proxy', 'loopback')
  const options = { points: 4, seconds: 60 }
  app.use(rateLimit(createRateLimiter(options), options))
  app.use((_req, res) => res.send('ok'))
  server = app.listen(0)
  await new Promise((resolve) => server.once('listening', resolve))
})
afterAll(() => void server.close())

const ask = (path: string, forwardedFor?: string) =>
  fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`, {
    headers: forwardedFor === undefined ? {} : { 'x-forwarded-for': forwardedFor },
  })
const statuses = async (path: string, addresses: readonly string[]) =>
  Promise.all(addresses.map(async (address) => (await ask(path, address)).status))

test('one address may spend so much, and is told when to come back', async () => {
  expect(await statuses('/x', Array(4).fill('203.0.113.5'))).toEqual([200, 200, 200, 200])
  const refused = await ask('/x', '203.0.113.5')
  expect(refused.status).toBe(429)
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0)
  expect(await refused.json()).toMatchObject({ error: 'RateLimitExceeded' })
  expect((await ask('/x', '203.0.113.6')).status).toBe(200)
})

test('a search costs more', async () => {
  expect(await statuses('/search', ['203.0.113.7', '203.0.113.7'])).toContain(429)
})

test('in IPv6 the addresses of one household count together', async () => {
  const answers = await statuses('/x', [
    '2001:db8:1:2::1',
    '2001:db8:1:2::2',
    '2001:db8:1:2:3:4:5:6',
    '2001:db8:1:2::4',
    '2001:db8:1:2::5',
  ])
  expect(answers.filter((status) => status === 429)).toHaveLength(1)
  expect((await ask('/x', '2001:db8:1:3::1')).status).toBe(200)
})

test('programs on this machine are not limited, nor are monitors', async () => {
  for (let i = 0; i < 6; i++) expect((await ask('/x')).status).toBe(200)
  expect(await statuses('/health', Array(6).fill('203.0.113.8'))).toEqual(Array(6).fill(200))
})
