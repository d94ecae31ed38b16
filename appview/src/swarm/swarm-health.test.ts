import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import TrackerServer from 'bittorrent-tracker/server'
import { sql } from 'drizzle-orm'
import { pino } from 'pino'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { testBackends } from '../../testing/backends.ts'
import { makeTorrent, putRecord, putTorrent } from '../../testing/publishing.ts'
import { applyAdmissionPolicy } from '../catalog/admission-policy.ts'
import { createGuardedFetch } from '../outbound/guarded-fetch.ts'
import type { Catalog } from '../store/open.ts'
import { rows } from '../store/sql.ts'
import { startSwarmHealth } from './swarm-health.ts'

const data = randomBytes(70_000)
const torrent = makeTorrent('ice.csv', data)
const quick = {
  ownTrackerMs: 20,
  discoveryMs: 20,
  dueMs: 20,
  foreignRecheckMs: 50,
  hostGapMs: 1,
  hostFailureMs: 1,
}

describe.each(testBackends())('swarm health on $name', ({ open }) => {
  let catalog: Catalog
  let health: AsyncDisposable
  let origin: Awaited<ReturnType<typeof startOrigin>>
  let tracker: Awaited<ReturnType<typeof startForeignTracker>>

  beforeAll(async () => {
    catalog = await open()
    origin = await startOrigin()
    tracker = await startForeignTracker()
    await applyAdmissionPolicy(catalog.db, 'open')
    health = await startSwarmHealth({
      catalog,
      fetch: createGuardedFetch({ allowPrivateHosts: true }),
      trackers: [],
      allowPrivateHosts: true,
      log: pino({ level: 'silent' }),
      pace: quick,
    })
  })
  afterAll(async () => {
    await health[Symbol.asyncDispose]()
    await tracker[Symbol.asyncDispose]()
    await origin[Symbol.asyncDispose]()
    await catalog[Symbol.asyncDispose]()
  })

  // The time limit is long, because after a check that took long on a busy machine the next one waits a hundred times as long.
  const poll = (read: () => Promise<unknown>) => expect.poll(read, { timeout: 50_000, interval: 20 })
  const one = async (query: ReturnType<typeof sql>) => (await rows(catalog.db, query))[0]

  test('asks the trackers that a record names and shows the highest count', async () => {
    await putRecord(catalog, 'dataset', 'ice', { title: 'Sea ice' })
    await tracker.seed(torrent.infoHashV1, 2)
    await putTorrent(catalog, 'ice', {
      ...torrent,
      record: {
        datasets: [{ uri: 'at://did:plc:author/dataset/ice' }],
        trackers: [tracker.http, tracker.udp, tracker.ws, 'http://127.0.0.1:1/announce'].map((url) => ({
          url,
        })),
      },
    })
    const counts = sql`SELECT tracker, seeders FROM local.swarm WHERE seeders IS NOT NULL ORDER BY tracker`
    await poll(() => rows(catalog.db, counts)).toEqual([
      { tracker: tracker.http, seeders: 2 },
      { tracker: tracker.udp, seeders: 2 },
      { tracker: tracker.ws, seeders: 2 },
    ])
    expect(await one(sql`SELECT seeders FROM catalog.dataset`)).toEqual({ seeders: 2 })
    await poll(() =>
      one(sql`SELECT failures > 0 AS failed, error FROM local.swarm WHERE seeders IS NULL`),
    ).toEqual({
      failed: true,
      error: expect.stringContaining('127.0.0.1:1'),
    })
  })

  test('waits as long as a tracker asks for and asks others meanwhile', async () => {
    const before = tracker.questions.udp
    await poll(async () => tracker.questions.udp).toBeGreaterThan(before + 3)
    // Its answers ask for ten minutes (`min_request_interval`).
    expect(tracker.questions.http).toBe(1)
  })

  test('asks no tracker or webseed about a private torrent', async () => {
    await using other = await startForeignTracker()
    const [secret, open] = ['a'.repeat(40), 'b'.repeat(40)]
    const record = { trackers: [{ url: other.http }], webseeds: [{ url: `${origin.url}/secret` }] }
    await putTorrent(catalog, 'secret', { infoHashV1: secret, private: true, record })
    await putTorrent(catalog, 'open', { infoHashV1: open, record: { trackers: record.trackers } })
    await poll(() => one(sql`SELECT seeders FROM local.swarm WHERE info_hash = ${open}`)).toEqual({
      seeders: 0,
    })
    expect(await rows(catalog.db, sql`SELECT FROM local.swarm WHERE info_hash = ${secret}`)).toEqual([])
    expect(other.asked).toEqual(new Set([open]))
    expect(origin.asked.has('/secret')).toBe(false)
  })

  const probeOf = (url: string) => one(sql`SELECT status, detail FROM local.probe WHERE url = ${url}`)

  test('verifies a webseed by its pieces and notes whether browsers can use it', async () => {
    const url = `${origin.url}/ice.csv`
    await putRecord(catalog, 'webseed', 'good', { subject: { infoHashV1: torrent.infoHashV1 }, url })
    await poll(() => probeOf(url)).toMatchObject({ status: 'verified', detail: { cors: true, https: false } })
  })

  test.each([
    ['/other.csv', 'mismatch'],
    ['/missing.csv', 'unreachable'],
    ['/no-range', 'mismatch'],
  ])('a webseed at %s is recorded as %s, also in its history', async (path, status) => {
    const url = `${origin.url}${path}`
    await putRecord(catalog, 'webseed', path.slice(1), { subject: { infoHashV1: torrent.infoHashV1 }, url })
    await poll(() => probeOf(url)).toMatchObject({ status, detail: { message: expect.any(String) } })
    expect(await rows(catalog.db, sql`SELECT status FROM local.probe_history WHERE url = ${url}`)).toEqual([
      { status },
    ])
  })

  test('probes the sources of a dataset and shows their states', async () => {
    const uri = await putRecord(catalog, 'dataset', 'sources', {
      title: 'Sources',
      homepage: `${origin.url}/home`,
      sources: [
        { url: `${origin.url}/gone` },
        { url: `${origin.url}/login` },
        { url: `${origin.url}/no-head` },
        { url: `${origin.url}/robots/kept-out` },
        { url: 'ftp://example.org/data' },
      ],
    })
    const statuses = sql`SELECT url, status FROM local.probe WHERE subject = ${uri}`
    await poll(async () =>
      Object.fromEntries((await rows(catalog.db, statuses)).map((row) => [row.url, row.status])),
    ).toEqual({
      [`${origin.url}/home`]: 'online',
      [`${origin.url}/gone`]: 'gone',
      [`${origin.url}/login`]: 'refused',
      [`${origin.url}/no-head`]: 'online',
      [`${origin.url}/robots/kept-out`]: 'skipped',
      'ftp://example.org/data': 'skipped',
    })
    await poll(() => one(sql`SELECT source_status FROM catalog.dataset WHERE uri = ${uri}`)).toEqual({
      source_status: 'online',
    })
    expect(origin.asked.has('/robots/kept-out')).toBe(false)
    // An edit rewrites the dataset's row, and the state of its sources has to be derived again.
    await putRecord(catalog, 'dataset', 'sources', {
      title: 'Sources',
      sources: [{ url: `${origin.url}/gone` }],
    })
    await poll(() => one(sql`SELECT source_status FROM catalog.dataset WHERE uri = ${uri}`)).toEqual({
      source_status: 'gone',
    })
  })

  test('a source that fails is degraded until it has failed three times', async () => {
    const url = `${origin.url}/flaky`
    const uri = await putRecord(catalog, 'dataset', 'flaky', { title: 'Flaky', sources: [{ url }] })
    const due = () => catalog.db.execute(sql`UPDATE local.probe SET next_at = now() WHERE url = ${url}`)
    const probe = () => one(sql`SELECT status, failures FROM local.probe WHERE url = ${url}`)
    await poll(probe).toEqual({ status: 'degraded', failures: 1 })
    await due()
    await poll(probe).toEqual({ status: 'degraded', failures: 2 })
    await due()
    await poll(probe).toEqual({ status: 'offline', failures: 3 })
    origin.isFlakyWell = true
    await due()
    await poll(probe).toEqual({ status: 'online', failures: 0 })
    const history = await rows(
      catalog.db,
      sql`SELECT status FROM local.probe_history WHERE subject = ${uri} ORDER BY at`,
    )
    expect(history.map((row) => row.status)).toEqual(['degraded', 'offline', 'online'])
  })
})

describe.each(testBackends())('private hosts on $name', ({ open }) => {
  test('are never asked, and records that name them have a warning', async () => {
    await using catalog = await open()
    await using origin = await startOrigin()
    await applyAdmissionPolicy(catalog.db, 'open')
    const url = `${origin.url}/ice.csv`
    const named = await putTorrent(catalog, 'ice', {
      ...torrent,
      record: { trackers: [{ url: `${origin.url}/announce` }] },
    })
    const uris = [
      await putRecord(catalog, 'webseed', 'spelled', { subject: { infoHashV1: torrent.infoHashV1 }, url }),
      await putRecord(catalog, 'webseed', 'local', {
        subject: { infoHashV1: torrent.infoHashV1 },
        url: 'http://nas.local/x',
      }),
      await putRecord(catalog, 'dataset', 'inside', { title: 'Inside', sources: [{ url }] }),
    ]
    await using _health = await startSwarmHealth({
      catalog,
      fetch: createGuardedFetch({ allowPrivateHosts: false }),
      trackers: [],
      allowPrivateHosts: false,
      log: pino({ level: 'silent' }),
      pace: quick,
    })
    const warnings = sql`SELECT uri, warnings FROM catalog.record WHERE jsonb_array_length(warnings) > 0 ORDER BY uri`
    await expect
      .poll(() => rows(catalog.db, warnings), { timeout: 20_000 })
      .toEqual([
        { uri: uris[2], warnings: ['private-source-skipped'] },
        { uri: uris[1], warnings: ['private-webseed-dropped'] },
        { uri: uris[0], warnings: ['private-webseed-dropped'] },
      ])
    expect(await rows(catalog.db, sql`SELECT DISTINCT status FROM local.probe`)).toEqual([
      { status: 'skipped' },
    ])
    expect(await rows(catalog.db, sql`SELECT FROM local.swarm`)).toEqual([])
    expect(named).toBeDefined()
    expect(origin.asked.size).toBe(0)
  })
})

async function startOrigin() {
  const state = { asked: new Set<string>(), isFlakyWell: false }
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://origin.invalid')
    state.asked.add(pathname)
    answers(state)(request, response)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return Object.assign(state, {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  })
}

function answers(state: { isFlakyWell: boolean }): RequestListener {
  return (request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://origin.invalid')
    const file =
      pathname === '/ice.csv' ? data : pathname === '/other.csv' ? Buffer.alloc(data.length) : undefined
    if (pathname === '/robots.txt') return void response.end('User-agent: *\nDisallow: /robots/\n')
    if (pathname === '/gone') return void response.writeHead(410).end()
    if (pathname === '/login') return void response.writeHead(401).end()
    if (pathname === '/home' || pathname === '/no-range') return void response.end('hello')
    if (pathname === '/no-head')
      return void response.writeHead(request.method === 'HEAD' ? 405 : 200).end('x')
    if (pathname === '/flaky') return void response.writeHead(state.isFlakyWell ? 200 : 503).end()
    const [, from, to] = /bytes=(\d+)-(\d+)/.exec(request.headers.range ?? '') ?? []
    if (!file || !from || !to) return void response.writeHead(404).end()
    response.writeHead(206, {
      'content-range': `bytes ${from}-${to}/${file.length}`,
      'access-control-allow-origin': '*',
    })
    response.end(file.subarray(Number(from), Number(to) + 1))
  }
}

/** bittorrent-tracker's server as somebody else's tracker. */
async function startForeignTracker() {
  const server = new TrackerServer({ udp: true, http: true, ws: true, stats: false })
  server.listen(0, { http: '127.0.0.1', udp: '127.0.0.1', udp6: '::1' })
  await once(server, 'listening')
  const asked = new Set<string>()
  const questions = { http: 0, udp: 0 }
  server.http.on('request', ({ url }) => {
    if (!url?.startsWith('/scrape')) return
    questions.http++
    for (const [, escaped] of url.matchAll(/info_hash=([^&]+)/g)) asked.add(escaped!.replaceAll('%', ''))
  })
  server.udp.on('message', () => questions.udp++)
  const portOf = (part: { address(): unknown }) => (part.address() as AddressInfo).port
  const http = `http://127.0.0.1:${portOf(server.http)}/announce`
  return {
    http,
    udp: `udp://127.0.0.1:${portOf(server.udp)}/announce`,
    ws: `ws://127.0.0.1:${portOf(server.http)}/`,
    asked,
    questions,
    async seed(infoHash: string, seeders: number) {
      for (let i = 1; i <= seeders; i++) {
        const query = `info_hash=${infoHash.replaceAll(/../g, '%$&')}&peer_id=${String(i).repeat(20)}&port=688${i}&left=0`
        await fetch(`${http}?${query}&event=started`)
      }
    },
    [Symbol.asyncDispose]: () => new Promise<void>((resolve) => server.close(() => resolve())),
  }
}
