import { sql } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { testBackends } from '../../testing/backends.ts'
import { applyAdmissionPolicy } from '../catalog/admission-policy.ts'
import { applyBatch, type RecordOp } from '../catalog/apply-batch.ts'
import { readDueTorrents, writeMetainfoOutcomes } from '../catalog/swarms/metainfo-queue.ts'
import { refreshSearchStatistics } from '../search-terms/statistics.ts'
import type { Catalog } from '../store/open.ts'
import { findFiles } from './files.ts'
import { searchTorrents, type TorrentSearch } from './torrents.ts'

const did = 'did:plc:alice'
const v1 = 'a1'.repeat(20)
const v2 = 'b2'.repeat(32)
const root = 'c3'.repeat(32)
const datasetUri = `at://${did}/dataset/ice`

describe.each(testBackends())('searchTorrents on $name', ({ open }) => {
  let catalog: Catalog
  const find = async (search: TorrentSearch | string) => {
    const found = await searchTorrents(catalog.db, typeof search === 'string' ? { q: search } : search)
    return found.hits.map((hit) => hit.uri.split('/').at(-1))
  }

  beforeAll(async () => {
    catalog = await open()
    await applyAdmissionPolicy(catalog.db, 'open')
    const ops: RecordOp[] = [
      put('dataset', 'ice', { title: 'Ice' }),
      put('torrent', 'ice', {
        name: 'SeaIce_monthly-v4',
        infoHashV1: v1,
        metainfo: { $type: 'blob', ref: { $link: 'm1' }, mimeType: 'application/x-bittorrent', size: 9 },
        datasets: [{ uri: datasetUri }],
        formats: [{ mediaType: 'text/csv' }],
        createdAt: '2026-02-01T00:00:00Z',
      }),
      put('torrent', 'clouds', {
        name: 'clouds',
        infoHashV1: 'd4'.repeat(20),
        sizeBytes: 7,
        webseeds: [{ url: 'https://example.org/' }],
      }),
    ]
    await applyBatch(catalog.db, { commits: [{ did, rev: '3l00000000001', dataCid: 'd', ops }] })
    const [due] = await readDueTorrents(catalog.db, { limit: 1, except: [] })
    await writeMetainfoOutcomes(catalog.db, [
      {
        id: due!.id,
        cid: due!.cid,
        status: 'verified',
        warnings: [],
        metainfo: { cid: 'm1', bytes: new Uint8Array([100, 101]) },
        facts: {
          infoHashV1: v1,
          infoHashV2: v2,
          name: 'SeaIce_monthly-v4',
          sizeBytes: 30,
          pieceLengthBytes: 16_384,
          fileCount: 2,
          private: false,
          files: [
            { path: 'north/ExtentByMonth_1979.csv', sizeBytes: 10, piecesRoot: root },
            { path: 'read me.txt', sizeBytes: 20, piecesRoot: null },
          ],
        },
      },
    ])
    await refreshSearchStatistics(catalog.db)
  })
  afterAll(() => catalog[Symbol.asyncDispose]())

  test('finds words of names and paths, however they are joined', async () => {
    for (const q of [
      'sea ice',
      'seaice',
      'monthly',
      'extent month',
      '1979',
      'ExtentByMonth_1979.csv',
      '"by month"',
    ])
      expect(await find(q)).toEqual(['ice'])
    // A phrase that no torrent has is split into its words.
    expect(await find('"month extent"')).toEqual(['ice'])
    expect(await find('ice -north')).toEqual([])
  })

  test('lists the files that match', async () => {
    const { hits } = await searchTorrents(catalog.db, { q: 'extent' })
    expect(hits[0]?.matchedFiles).toEqual([
      { path: 'north/ExtentByMonth_1979.csv', sizeBytes: 10, piecesRoot: root, index: 0 },
    ])
  })

  test.each([v1, v1.toUpperCase(), v2, v2.slice(0, 40), `magnet:?xt=urn:btih:${v1}`, `1220${v2}`])(
    'infohash %s finds its torrent',
    async (q) => {
      expect(await searchTorrents(catalog.db, { q })).toMatchObject({
        recognizedIdentifier: { infoHashV1: v1, infoHashV2: v2 },
        hitsTotal: 1,
      })
    },
  )

  test('filters, sorts and counts facets', async () => {
    expect(await find({})).toEqual(['ice', 'clouds'])
    expect(await find({ metainfoStatus: 'absent' })).toEqual(['clouds'])
    expect(await find({ hasWebseed: true })).toEqual(['clouds'])
    expect(await find({ hasWebseed: false })).toEqual(['ice'])
    expect(await find({ dataset: datasetUri })).toEqual(['ice'])
    expect(await find({ author: did, maxSizeBytes: 10 })).toEqual(['clouds'])
    expect(await find({ sort: 'largest' })).toEqual(['ice', 'clouds'])
    expect(await find({ sort: 'smallest' })).toEqual(['clouds', 'ice'])
    const { facets } = await searchTorrents(catalog.db, {
      facets: ['metainfoStatus', 'hasWebseed', 'format'],
    })
    expect(facets).toEqual([
      { field: 'metainfoStatus', values: ['absent', 'verified'].map((value) => ({ value, count: 1 })) },
      { field: 'hasWebseed', values: ['false', 'true'].map((value) => ({ value, count: 1 })) },
      { field: 'format', values: [{ value: 'text/csv', count: 1 }] },
    ])
  })

  test('finds the contents with a file', async () => {
    const hit = {
      path: 'north/ExtentByMonth_1979.csv',
      sizeBytes: 10,
      piecesRoot: root,
      infoHashV1: v1,
      infoHashV2: v2,
    }
    const searches = [
      { piecesRoot: root },
      { path: hit.path, sizeBytes: 10 },
      { path: 'ExtentByMonth_1979.csv', sizeBytes: 10 },
    ]
    for (const search of searches) {
      expect((await findFiles(catalog.db, search)).files).toMatchObject([
        { ...hit, torrents: [{ uri: `at://${did}/torrent/ice` }] },
      ])
    }
    expect((await findFiles(catalog.db, { path: hit.path, sizeBytes: 11 })).files).toEqual([])
    await expect(findFiles(catalog.db, { path: hit.path })).rejects.toMatchObject({ error: 'InvalidQuery' })
    await expect(findFiles(catalog.db, { piecesRoot: 'x' })).rejects.toMatchObject({ error: 'InvalidQuery' })
    await expect(findFiles(catalog.db, { piecesRoot: root, cursor: 'x' })).rejects.toMatchObject({
      error: 'InvalidCursor',
    })
  })

  test('finds nothing that is hidden', async () => {
    await applyBatch(catalog.db, { accounts: [{ did, active: false, status: 'suspended' }] })
    expect([...(await find('ice')), ...(await find(v1)), ...(await find({}))]).toEqual([])
    expect((await findFiles(catalog.db, { piecesRoot: root })).files).toEqual([])
    const [row] = await catalog.db.execute(sql`SELECT count(*)::int AS n FROM catalog.torrent`).then(
      (result) =>
        (Array.isArray(result) ? result : (result as unknown as { rows: { n: number }[] }).rows) as {
          n: number
        }[],
    )
    expect(row?.n).toBe(2)
  })
})

function put(kind: string, rkey: string, value: Record<string, unknown>): RecordOp {
  return {
    action: 'put',
    uri: `at://${did}/${kind}/${rkey}`,
    kind,
    cid: `cid-${kind}-${rkey}`,
    value: { createdAt: '2026-01-01T00:00:00Z', ...value },
  }
}
