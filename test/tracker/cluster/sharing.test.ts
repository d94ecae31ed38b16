import { ownAllowList } from '@holdfast/tracker/allow-list/source'
import { PersistentRedisError } from '@holdfast/tracker/cluster/redis'
import { loadConfig } from '@holdfast/tracker/config'
import { startTracker, type Tracker } from '@holdfast/tracker/main'
import { pino } from 'pino'
import { expect, test } from 'vitest'
import { needs } from '../../system/requirements.ts'
import { spawnTracker } from '../spawn-tracker.ts'
import { startRedis, startRedisCluster, startRedisSentinel } from './redis-servers.ts'

const hashes = Array.from({ length: 50 }, (_, number) => (number + 1).toString(16).padStart(40, '0'))
const allowList = ownAllowList(hashes.map((infoHashV1) => ({ infoHashV1 })))
const base = {
  ...loadConfig({}),
  port: 0,
  udpPort: 0,
  host: '127.0.0.1',
  memoryBytes: 1 << 26,
  maxTorrents: 1000,
  // The clients of these tests share an address.
  peersPerAddress: 60_000,
}
const parts = { allowList, log: pino({ level: 'silent' }) }
const start = (redisUrl: string): Promise<Tracker> => startTracker({ ...base, redisUrl }, parts)

const hasRedis = needs('trackers that share their swarms', 'redis-server')

/** Announces by HTTP; returns the number of peers in the answer. */
async function announce(tracker: { port: number }, hash: string, port: number, extra = ''): Promise<number> {
  const query = `info_hash=${hash.replace(/../g, '%$&')}&peer_id=-XX0001-abcdefghijkl&port=${port}&left=1&numwant=200`
  const headers = { connection: 'close' }
  const answer = await fetch(`http://127.0.0.1:${tracker.port}/announce?${query}${extra}`, { headers })
  const text = Buffer.from(await answer.arrayBuffer()).toString('latin1')
  expect(text).not.toContain('failure reason')
  return Number(/5:peers(\d+):/.exec(text)![1]) / 6
}

async function peersOf(tracker: { port: number }): Promise<number> {
  const answer = await fetch(`http://127.0.0.1:${tracker.port}/swarms`)
  const { swarms } = (await answer.json()) as { swarms: [string[], number, number, number][] }
  return swarms.reduce((sum, [, seeders, leechers]) => sum + seeders + leechers, 0)
}

test.skipIf(!hasRedis)('trackers share peers through Redis, also with one that starts later', async () => {
  await using redis = await startRedis()
  const url = `redis://127.0.0.1:${redis.port}`
  await using one = await start(url)
  await using other = await start(url)
  const before = performance.now()
  await announce(one, hashes[0]!, 1000)
  await expect.poll(() => announce(other, hashes[0]!, 2000), { timeout: 2000, interval: 50 }).toBe(1)
  expect(performance.now() - before).toBeLessThan(2000)
  for (let port = 3000; port < 3200; port++) await announce(port % 2 ? one : other, hashes[port % 50]!, port)
  await announce(one, hashes[0]!, 1000, '&event=stopped')
  for (const tracker of [one, other]) await expect.poll(() => peersOf(tracker), { timeout: 3000 }).toBe(201)
  await using late = await start(url)
  await expect.poll(() => peersOf(late), { timeout: 3000 }).toBe(201)
  expect(Number(await redis.client.pttl('holdfast-tracker:journal:0'))).toBeGreaterThan(0)
})

test.skipIf(!hasRedis)(
  'serves on each node while Redis is away, and shares again when it is back',
  async () => {
    await using redis = await startRedis()
    const url = `redis://127.0.0.1:${redis.port}`
    await using one = await start(url)
    await using other = await start(url)
    await redis.stop()
    for (let port = 1000; port < 1050; port++) await announce(one, hashes[port % 50]!, port)
    for (let port = 2000; port < 2050; port++) await announce(other, hashes[port % 50]!, port)
    expect(await peersOf(one)).toBe(50)
    await redis.restart()
    for (const tracker of [one, other])
      await expect.poll(() => peersOf(tracker), { timeout: 15_000 }).toBe(100)
  },
)

test.skipIf(!hasRedis).each([
  ['snapshots', ['--save', '60', '1']],
  ['an append-only file', ['--appendonly', 'yes']],
])('refuses a Redis with %s', async (_, settings) => {
  await using redis = await startRedis(settings)
  await expect(start(`redis://127.0.0.1:${redis.port}`)).rejects.toThrow(PersistentRedisError)
})

test.skipIf(!hasRedis)(
  'trackers share every peer again after a Sentinel replaces a killed master',
  async () => {
    await using redis = await startRedisSentinel()
    await using one = await start(redis.url)
    await using other = await start(redis.url)
    for (let port = 1000; port < 1100; port++)
      await announce(port % 2 ? one : other, hashes[port % 50]!, port)
    for (const tracker of [one, other]) await expect.poll(() => peersOf(tracker), { timeout: 3000 }).toBe(100)
    await redis.master.stop()
    for (let port = 2000; port < 2100; port++)
      await announce(port % 2 ? one : other, hashes[port % 50]!, port)
    for (const tracker of [one, other])
      await expect.poll(() => peersOf(tracker), { timeout: 30_000 }).toBe(200)
    expect(await redis.replica.client.info('replication')).toContain('role:master')
    await using late = await start(redis.url)
    await expect.poll(() => peersOf(late), { timeout: 5000 }).toBe(200)
  },
)

test.skipIf(!hasRedis)(
  'loses no swarm when a Redis master and a tracker of a cluster of six are killed',
  async () => {
    await using cluster = await startRedisCluster()
    await using stack = new AsyncDisposableStack()
    const trackers = await Promise.all([0, 1, 2].map(() => spawnTracker(hashes, cluster.url)))
    for (const tracker of trackers) stack.use(tracker)
    const [one, two, three] = trackers as [(typeof trackers)[0], (typeof trackers)[0], (typeof trackers)[0]]

    const before = performance.now()
    await announce(one, hashes[0]!, 1000)
    await expect.poll(() => announce(three, hashes[0]!, 1001), { timeout: 2000, interval: 50 }).toBe(1)
    expect(performance.now() - before).toBeLessThan(2000)

    let port = 2000
    const load = async (tracker: { port: number }, until: () => boolean): Promise<void> => {
      while (!until()) await announce(tracker, hashes[port % 50]!, port++)
    }
    let over = false
    const loads = [one, two, three, one, two].map((tracker) => load(tracker, () => over))
    await expect.poll(() => port, { timeout: 20_000 }).toBeGreaterThan(2500)
    await cluster.servers[0]!.stop()
    const atKill = port
    await expect.poll(() => port, { timeout: 30_000 }).toBeGreaterThan(atKill + 1000)
    over = true
    await Promise.all(loads)
    const known = port - 2000 + 2
    const all = (list: { port: number }[]) => async () => Promise.all(list.map(peersOf))
    await expect.poll(all(trackers), { timeout: 30_000 }).toEqual([known, known, known])
    await three.kill()
    expect(await all([one, two])()).toEqual([known, known])
    await using late = await spawnTracker(hashes, cluster.url)
    await expect.poll(() => peersOf(late), { timeout: 15_000 }).toBe(known)
  },
  150_000,
)

test.skipIf(!hasRedis)('skips stream entries that are short, lack a field or contain noise', async () => {
  await using redis = await startRedis()
  const url = `redis://127.0.0.1:${redis.port}`
  await using one = await start(url)
  await using other = await start(url)
  // The infohash of the first torrent begins with 00, which means shard 0.
  const stream = 'holdfast-tracker:journal:0'
  const at = String(Date.now())
  const record = Buffer.from(`${hashes[0]}000000${'1ae1'}0a000001`, 'hex')
  const entries: (string | Buffer)[][] = [
    ['node', 'x', 'at', at, 'records', record.subarray(0, 28)],
    ['node', 'x', 'at', at, 'records', record.subarray(0, 5)],
    ['node', 'x', 'at', at],
    ['node', 'x', 'at', 'soon', 'records', record],
    ['records', record],
    ['x', 'node'],
    ['node', 'x', 'at', at, 'records', Buffer.concat([record, record.subarray(0, 21)])],
  ]
  for (const entry of entries) await redis.client.xadd(stream, '*', ...entry)
  await announce(one, hashes[0]!, 1000)
  for (const tracker of [one, other]) await expect.poll(() => peersOf(tracker), { timeout: 5000 }).toBe(2)
  const metrics = await (await fetch(`http://127.0.0.1:${other.port}/metrics`)).text()
  expect(metrics).toMatch(/transport="redis",outcome="malformed"} 7/)
  expect(metrics).toMatch(/holdfast_tracker_sharing 1/)
})
