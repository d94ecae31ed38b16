import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { sql } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { applyBatch } from '../../catalog/ingest-writes.ts'
import { writeMetainfoOutcomes } from '../../catalog/metainfo-queue.ts'
import type { Catalog } from '../../catalog/open.ts'
import { rows } from '../../catalog/sql.ts'
import { testBackends } from '../../catalog/test-backends.ts'
import { applyAdmissionPolicy } from '../../catalog/visibility.ts'
import { createGuardedFetch } from '../../guarded-fetch.ts'
import { createSnapshotRound } from './own-trackers.ts'

const did = 'did:plc:author'
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

  test('what nobody announces has no seeders, which is known', async () => {
    await publish(catalog, 'hybrid', { infoHashV1: v1, infoHashV2: v2 })
    await round()
    expect(await counts()).toEqual([{ info_hash: v2, seeders: 0, leechers: 0, completed: 0 }])
    expect(await dataset()).toEqual([{ torrent_count: 1, seeders: 0 }])
  })

  test('counts reach the dataset in one round, whichever name the tracker gives first', async () => {
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
    await publish(catalog, 'late', { infoHashV1: late, infoHashV2: null })
    await round()
    expect((await counts())[1]).toEqual({ info_hash: late, seeders: 2, leechers: 0, completed: 0 })
  })

  test('a swarm that ends is a swarm without seeders, and the history keeps its last', async () => {
    tracker.swarms = []
    await round()
    expect((await counts())[0]).toMatchObject({ info_hash: v2, seeders: 0 })
    expect((await history()).at(-1)).toEqual({ seeders: 0, leechers: 0 })
    expect(await history()).toContainEqual({ seeders: 3, leechers: 1 })
  })

  test('a tracker that asks for the token gets it', async () => {
    tracker.wantsToken = true
    tracker.swarms = [[[v1], 7, 0, 0]]
    await round()
    expect((await counts())[0]).toMatchObject({ seeders: 7 })
  })
})

async function publish(
  catalog: Catalog,
  rkey: string,
  hashes: { infoHashV1: string | null; infoHashV2: string | null },
): Promise<void> {
  const createdAt = '2026-01-02T03:04:05Z'
  const put = (kind: string, key: string, value: object) => ({
    action: 'put' as const,
    uri: `at://${did}/${kind}/${key}`,
    kind,
    cid: `cid-${key}`,
    value: { createdAt, ...value },
  })
  const named = Object.fromEntries(Object.entries(hashes).filter(([, hash]) => hash !== null))
  const blob = {
    $type: 'blob',
    ref: { $link: `blob-${rkey}` },
    mimeType: 'application/x-bittorrent',
    size: 1,
  }
  const ops = [
    put('dataset', 'ice', { title: 'Sea ice' }),
    put('torrent', rkey, { name: 'ice', datasets: [{ uri: datasetUri }], metainfo: blob, ...named }),
  ]
  const rev = `3n${rkey}`
  await applyBatch(catalog.db, { commits: [{ did, rev, dataCid: 'd', ops }] })
  const [row] = await rows<{ id: number; cid: string }>(
    catalog.db,
    sql`SELECT id, cid FROM catalog.record WHERE uri = ${`at://${did}/torrent/${rkey}`}`,
  )
  const facts = {
    ...hashes,
    name: 'ice',
    sizeBytes: 5,
    pieceLengthBytes: 16_384,
    fileCount: 1,
    private: false,
    files: [],
  }
  const metainfo = { cid: `blob-${rkey}`, bytes: Buffer.from(rkey) }
  await writeMetainfoOutcomes(catalog.db, [{ ...row!, status: 'verified', facts, metainfo, warnings: [] }])
}

/** What our tracker answers at `/swarms`; the story in `test/swarm` runs against the tracker itself. */
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
