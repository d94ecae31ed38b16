import { randomBytes } from 'node:crypto'
import { sql } from 'drizzle-orm'
import { pino } from 'pino'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { testBackends } from '../../../testing/backends.ts'
import { startTestDht, type TestDht } from '../../../testing/dht.ts'
import { putTorrent } from '../../../testing/publishing.ts'
import { applyAdmissionPolicy } from '../../catalog/admission-policy.ts'
import { dhtSource } from '../../catalog/swarms/contents.ts'
import { writeSwarmCounts } from '../../catalog/swarms/counts.ts'
import { createGuardedFetch } from '../../outbound/guarded-fetch.ts'
import type { Catalog } from '../../store/open.ts'
import { rows } from '../../store/sql.ts'
import { startSwarmHealth } from '../swarm-health.ts'

const hash = (bytes: number) => randomBytes(bytes).toString('hex')
const [shared, lonely, secret, second] = [hash(20), hash(20), hash(20), hash(32)]
/** Seeders by name, which for a v2 infohash is its first 20 bytes. */
const seeders: Record<string, number> = { [shared]: 4, [second.slice(0, 40)]: 2 }
const quick = { ownTrackerMs: 20, discoveryMs: 20, dueMs: 20, dhtGapMs: 1, dhtRecheckMs: 3_600_000 }

describe.each(testBackends())('scraping the DHT, on $name', ({ open }) => {
  let catalog: Catalog
  let dht: TestDht
  let health: AsyncDisposable
  const probes: string[] = []

  beforeAll(async () => {
    catalog = await open()
    await applyAdmissionPolicy(catalog.db, 'open')
    dht = await startTestDht(9, (name) => ({ BFsd: Buffer.alloc(256).fill(0b11, 0, seeders[name] ?? 0) }))
    await putTorrent(catalog, 'shared', { infoHashV1: shared })
    await putTorrent(catalog, 'lonely', { infoHashV1: lonely })
    await putTorrent(catalog, 'secret', { infoHashV1: secret, private: true })
    const said = { tracker: 'http://tracker.example.org/announce', at: new Date() }
    const counts = [{ infoHash: shared, seeders: 3, leechers: 1, completed: 9 }]
    await writeSwarmCounts(catalog.db, { ...said, counts })
    health = await startSwarmHealth({
      catalog,
      fetch: createGuardedFetch({ allowPrivateHosts: true }),
      trackers: [],
      dhtNodes: dht.nodes.slice(0, 2),
      allowPrivateHosts: true,
      log: pino({ level: 'silent' }),
      pace: quick,
      onProbe: (kind, outcome) => probes.push(`${kind} ${outcome}`),
    })
  })
  afterAll(async () => {
    await health[Symbol.asyncDispose]()
    await dht[Symbol.asyncDispose]()
    await catalog[Symbol.asyncDispose]()
  })

  const counts = async () => {
    const found = await rows<{ infoHash: string; seeders: number | null }>(
      catalog.db,
      sql`SELECT info_hash AS "infoHash", seeders FROM local.swarm WHERE tracker = ${dhtSource}`,
    )
    return Object.fromEntries(found.map((row) => [row.infoHash, row.seeders]))
  }
  const poll = (read: () => Promise<unknown>) => expect.poll(read, { timeout: 20_000, interval: 20 })

  test('looks up every public torrent and lists the DHT among its trackers', async () => {
    await poll(counts).toEqual({ [shared]: 4, [lonely]: 0 })
    await putTorrent(catalog, 'second', { infoHashV2: second })
    await poll(counts).toEqual({ [shared]: 4, [lonely]: 0, [second]: 2 })
    expect(dht.asked).toEqual(new Set([shared, lonely, second.slice(0, 40)]))
    expect(new Set(probes.filter((probe) => probe.startsWith('dht')))).toEqual(new Set(['dht answered']))
  })

  test('shows the highest count of the DHT and the trackers', async () => {
    const [history] = await rows(
      catalog.db,
      sql`SELECT seeders, leechers FROM local.swarm_history WHERE info_hash = ${shared} ORDER BY at DESC LIMIT 1`,
    )
    expect(history).toEqual({ seeders: 4, leechers: 1 })
    const errors = await rows(catalog.db, sql`SELECT error FROM local.swarm WHERE tracker = ${dhtSource}`)
    expect(errors.every(({ error }) => error === null)).toBe(true)
  })
})

describe.each(testBackends())('scraping a DHT of few nodes, on $name', ({ open }) => {
  test('does not take an empty answer as a count of zero', async () => {
    await using catalog = await open()
    await applyAdmissionPolicy(catalog.db, 'open')
    await using dht = await startTestDht(3, () => ({}))
    await putTorrent(catalog, 'lonely', { infoHashV1: lonely })
    await using _health = await startSwarmHealth({
      catalog,
      fetch: createGuardedFetch({ allowPrivateHosts: true }),
      trackers: [],
      dhtNodes: dht.nodes,
      allowPrivateHosts: true,
      log: pino({ level: 'silent' }),
      pace: quick,
    })
    const read = () => rows(catalog.db, sql`SELECT seeders, failures, error FROM local.swarm`)
    await expect
      .poll(read, { timeout: 20_000 })
      .toEqual([
        { seeders: null, failures: 1, error: 'only 3 hosts of the DHT answered, which know of nobody' },
      ])
  })
})
