import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { sql } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { testBackends } from '../../../testing/backends.ts'
import { did, putRecord, putTorrent } from '../../../testing/publishing.ts'
import { applyAdmissionPolicy } from '../../catalog/admission-policy.ts'
import { createGuardedFetch } from '../../outbound/guarded-fetch.ts'
import type { Catalog } from '../../store/open.ts'
import { rows } from '../../store/sql.ts'
import { createSnapshotRound } from './own-trackers.ts'

const datasetUri = `at://${did}/dataset/ice`
const [v1, v2] = ['1'.repeat(40), '2'.repeat(64)]

describe.each(testBackends())('own trackers on $name', ({ open }) => {
  let catalog: Catalog
  let tracker: Awaited<ReturnType<typeof startSwarmList>>
  let round: () => Promise<void>

  beforeAll(async () => {
    catalog = await open()
    tracker = await startSwarmList()
    await applyAdmissionPolicy(catalog.db, 'open')
    const fetch = createGuardedFetch({ allowPrivateHosts: true })
    round = createSnapshotRound(`${tracker.url}/announce`, {
      catalog,
      fetch,
      adminToken: 'secret',
      signal: new AbortController().signal,
    })
  })
  afterAll(async () => {
    await tracker[Symbol.asyncDispose]()
    await catalog[Symbol.asyncDispose]()
  })

  const counts = () =>
    rows(
      catalog.db,
      sql`SELECT info_hash, seeders, leechers, completed::int FROM local.swarm ORDER BY info_hash`,
    )
  const dataset = () =>
    rows(catalog.db, sql`SELECT torrent_count, seeders FROM catalog.dataset WHERE uri = ${datasetUri}`)
  const history = () =>
    rows(
      catalog.db,
      sql`SELECT seeders, leechers FROM local.swarm_history WHERE info_hash = ${v2} ORDER BY at`,
    )

  test('content that nobody announces has zero seeders', async () => {
    await putRecord(catalog, 'dataset', 'ice', { title: 'Sea ice' })
    await putTorrent(catalog, 'hybrid', {
      infoHashV1: v1,
      infoHashV2: v2,
      record: { datasets: [{ uri: datasetUri }] },
    })
    await round()
    expect(await counts()).toEqual([{ info_hash: v2, seeders: 0, leechers: 0, completed: 0 }])
    expect(await dataset()).toEqual([{ torrent_count: 1, seeders: 0 }])
  })

  test('counts reach the dataset in one round, whichever infohash comes first', async () => {
    tracker.swarms = [
      [[v2.slice(0, 40), v1], 3, 1, 9],
      [['f'.repeat(40)], 5, 5, 5],
    ]
    await round()
    expect(await counts()).toEqual([{ info_hash: v2, seeders: 3, leechers: 1, completed: 9 }])
    expect(await dataset()).toEqual([{ torrent_count: 1, seeders: 3 }])
  })

  test('content announced since the last round is counted in the next', async () => {
    const late = '3'.repeat(40)
    tracker.swarms.push([[late], 2, 0, 0])
    await round()
    await putTorrent(catalog, 'late', { infoHashV1: late })
    await round()
    expect((await counts())[1]).toEqual({ info_hash: late, seeders: 2, leechers: 0, completed: 0 })
  })

  test('records that a swarm without peers has zero seeders', async () => {
    tracker.swarms = []
    await round()
    expect((await counts())[0]).toMatchObject({ info_hash: v2, seeders: 0 })
    expect((await history()).at(-1)).toEqual({ seeders: 0, leechers: 0 })
    expect(await history()).toContainEqual({ seeders: 3, leechers: 1 })
  })

  test('sends the token to a tracker that requires it', async () => {
    tracker.wantsToken = true
    tracker.swarms = [[[v1], 7, 0, 0]]
    await round()
    expect((await counts())[0]).toMatchObject({ seeders: 7 })
  })
})

/** The answer of our tracker at `/swarms`; a test in `test/swarm` asks the tracker itself. */
async function startSwarmList() {
  const state = { swarms: [] as [string[], number, number, number][], wantsToken: false }
  const server = createServer((request, response) => {
    if (state.wantsToken && request.headers.authorization !== 'Bearer secret') {
      response.writeHead(403).end()
      return
    }
    const body = `{"swarms":[${state.swarms.map((row) => JSON.stringify(row)).join(',\n')}]}\n`
    response.writeHead(200, { 'content-type': 'application/json' }).end(body)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return Object.assign(state, {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  })
}
