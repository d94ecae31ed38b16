import type { AddressInfo } from 'node:net'
import express from 'express'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ownPrograms } from './own-programs.ts'
import { createRateLimiter, rateLimit } from './rate-limit.ts'

let server: ReturnType<express.Express['listen']>
beforeAll(async () => {
  const app = express()
  app.set('trust proxy', 'loopback')
  const options = { points: 4, seconds: 60 }
  const own = ownPrograms({ isPublic: false, adminToken: undefined, onUnnamed: () => {} })
  app.use(rateLimit(createRateLimiter(options), { ...options, own }))
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

test('refuses an address beyond its limit and says when to try again', async () => {
  expect(await statuses('/x', Array(4).fill('203.0.113.5'))).toEqual([200, 200, 200, 200])
  const refused = await ask('/x', '203.0.113.5')
  expect(refused.status).toBe(429)
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0)
  expect(await refused.json()).toMatchObject({ error: 'RateLimitExceeded' })
  expect((await ask('/x', '203.0.113.6')).status).toBe(200)
})

test('a search costs more than a page', async () => {
  expect(await statuses('/search', ['203.0.113.7', '203.0.113.7'])).toContain(429)
})

test('the addresses of one IPv6 /64 count together', async () => {
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

test('a /56 has four times the limit of a /64, and a /48 sixteen times', async () => {
  const household = (i: number) => `2001:db8:5:${i.toString(16)}::1`
  const inOne56 = await statuses(
    '/x',
    Array.from({ length: 20 }, (_, i) => household(i)),
  )
  expect(inOne56.filter((status) => status === 200)).toHaveLength(16)
  const inOne48 = await statuses(
    '/x',
    Array.from({ length: 100 }, (_, i) => household((i + 1) * 256)),
  )
  expect(inOne48.filter((status) => status === 200)).toHaveLength(64 - 16)
})

test('an IPv4 address counts once however it is written', async () => {
  const answers = await statuses('/x', [
    '203.0.113.9',
    '::ffff:203.0.113.9',
    '::203.0.113.9',
    '::ffff:cb00:7109',
    '203.0.113.9',
  ])
  expect(answers.filter((status) => status === 429)).toHaveLength(1)
})

test.each([
  ['/x/health', '203.0.113.11'],
  ['/health/x', '203.0.113.12'],
  ['/x/typeahead', '203.0.113.13'],
  ['/metrics.x', '203.0.113.14'],
])('%s counts against the limit', async (path, address) => {
  const answers = await statuses(path, Array(5).fill(address))
  expect(answers.filter((status) => status === 429)).toHaveLength(1)
})

test('programs on this machine are not limited', async () => {
  for (let i = 0; i < 6; i++) expect((await ask('/x')).status).toBe(200)
})
