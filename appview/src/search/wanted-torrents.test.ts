import { randomBytes } from 'node:crypto'
import { sql } from 'drizzle-orm'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { testBackends } from '../../testing/backends.ts'
import { did as author, putRecord, putTorrent } from '../../testing/publishing.ts'
import { applyAdmissionPolicy } from '../catalog/admission-policy.ts'
import { applyBatch } from '../catalog/apply-batch.ts'
import { writeSwarmCounts } from '../catalog/swarms/counts.ts'
import { writeProbes } from '../catalog/swarms/probes.ts'
import { addProbeTargets } from '../catalog/swarms/targets.ts'
import { readDatasetViews } from '../catalog/views/datasets/dataset-views.ts'
import { needsReader } from '../catalog/views/pages/page-needs.ts'
import { countTotals } from '../catalog/views/pages/stats.ts'
import { readTorrentViews } from '../catalog/views/torrents/torrent-views.ts'
import type { Catalog } from '../store/open.ts'
import { rows } from '../store/sql.ts'
import { searchDatasets } from './datasets.ts'
import { searchTorrents } from './torrents.ts'

describe.each(testBackends())('torrents and datasets in need of seeders, on $name', ({ open }) => {
  let catalog: Catalog
  let dataset: string
  let round = 0
  beforeAll(async () => {
    catalog = await open()
    await applyAdmissionPolicy(catalog.db, 'open')
  })
  afterAll(() => catalog[Symbol.asyncDispose]())
  beforeEach(async () => {
    const uris = await foundUris()
    await applyBatch(catalog.db, {
      commits: [
        {
          did: author,
          rev: `3n9${String(++round).padStart(10, '0')}`,
          dataCid: 'd',
          ops: uris.map((uri) => ({ action: 'delete', uri })),
          partial: true,
        },
      ],
    })
    dataset = await putRecord(catalog, 'dataset', `ice-${round}`, { title: 'Ice' })
  })

  const foundUris = async () =>
    (await searchTorrents(catalog.db, { limit: 100 })).hits
      .map(({ uri }) => uri)
      .concat((await searchDatasets(catalog.db, { limit: 100 })).hits.map(({ uri }) => uri))

  /** A verified torrent of the dataset that nobody seeds. */
  async function putUnseeded(rkey: string, record: object = {}, by?: string): Promise<string> {
    const infoHashV1 = randomBytes(20).toString('hex')
    const uri = await putTorrent(catalog, `${rkey}-${round}`, {
      infoHashV1,
      record: { datasets: [{ uri: dataset }], ...record },
      ...(by && { did: by }),
    })
    await writeSwarmCounts(catalog.db, {
      ...{ tracker: 'https://own.example/announce', own: true, at: new Date() },
      counts: [{ infoHash: infoHashV1, seeders: 0, leechers: 0, completed: null }],
    })
    return uri
  }

  /** The torrents in need of seeders, on which the page, the feed, the views and the totals must agree. */
  async function wanted(): Promise<string[]> {
    const { unseeded, few } = await needsReader(catalog.db)()
    const onPage = [...unseeded.uris, ...few.uris].sort()
    const { hits } = await searchTorrents(catalog.db, {
      needsSeeders: true,
      sort: 'fewest-seeders',
      limit: 100,
    })
    expect(hits.map(({ uri }) => uri).sort()).toEqual(onPage)
    const all = await searchTorrents(catalog.db, { limit: 100 })
    const views = await readTorrentViews(
      catalog.db,
      all.hits.map(({ uri }) => uri),
      { detail: 'card', trackers: [] },
    )
    expect(
      views
        .filter(({ swarm }) => swarm?.needsSeeders)
        .map(({ uri }) => uri as string)
        .sort(),
    ).toEqual(onPage)
    expect((await countTotals(catalog.db)).needsSeeders).toBe(onPage.length)
    return onPage
  }

  const size = async () => {
    const [view] = await readDatasetViews(catalog.db, [dataset], { detail: 'card' })
    const has = async (bytes: number) =>
      (await searchDatasets(catalog.db, { minSizeBytes: bytes, maxSizeBytes: bytes })).hits.length === 1
    return { shown: view?.counts?.sizeBytes, isFound: has }
  }

  test('a torrent that its author superseded is neither listed nor added up', async () => {
    const old = await putUnseeded('old')
    expect(await wanted()).toEqual([old])
    const current = await putUnseeded('new', { supersedes: { uri: old, cid: 'c' } })
    expect(await wanted()).toEqual([current])
    const { shown, isFound } = await size()
    expect(shown).toBe(5)
    expect(await isFound(5)).toBe(true)
    expect((await countTotals(catalog.db)).sizeBytes).toBe(5)
  })

  test('a torrent is listed again when the record no longer supersedes it', async () => {
    const old = await putUnseeded('old')
    const current = await putUnseeded('new', { supersedes: { uri: old, cid: 'c' } })
    const [held] = await rows<{ value: object }>(
      catalog.db,
      sql`SELECT value FROM catalog.record WHERE uri = ${current}`,
    )
    await putRecord(catalog, 'torrent', `new-${round}`, { ...held!.value, supersedes: undefined })
    expect(await wanted()).toContain(old)
  })

  test('a torrent that a stranger’s record supersedes is still listed', async () => {
    const old = await putUnseeded('old')
    const strangers = await putUnseeded('new', { supersedes: { uri: old, cid: 'c' } }, 'did:plc:stranger')
    expect(await wanted()).toEqual([old, strangers].sort())
  })

  test('a torrent is listed only while a dataset that it names exists', async () => {
    const torrent = await putUnseeded('one')
    await applyBatch(catalog.db, {
      commits: [
        {
          did: author,
          rev: `3n9${String(++round).padStart(10, '0')}`,
          dataCid: 'd',
          ops: [{ action: 'delete', uri: dataset }],
          partial: true,
        },
      ],
    })
    expect(await wanted()).toEqual([])
    await putRecord(catalog, 'dataset', dataset.split('/').at(-1)!, { title: 'Ice' })
    expect(await wanted()).toEqual([torrent])
  })

  test('the size stated by the record counts before that of its torrents', async () => {
    await putUnseeded('one')
    expect(await (await size()).isFound(5)).toBe(true)
    await putRecord(catalog, 'dataset', dataset.split('/').at(-1)!, { title: 'Ice', sizeBytes: 700 })
    expect(await (await size()).isFound(700)).toBe(true)
    expect(await (await size()).isFound(5)).toBe(false)
  })

  test('a dataset that its author superseded is not listed', async () => {
    const risk = { level: 'endangered' }
    await putRecord(catalog, 'dataset', dataset.split('/').at(-1)!, { title: 'Ice', risk })
    const unsaved = async () => (await needsReader(catalog.db)()).unsaved.uris
    expect(await unsaved()).toEqual([dataset])
    const newer = await putRecord(catalog, 'dataset', `newer-${round}`, {
      ...{ title: 'Ice', risk },
      supersedes: { uri: dataset, cid: 'c' },
    })
    expect(await unsaved()).toEqual([newer])
  })

  test('a webseed that only the metainfo names is counted as it is shown', async () => {
    const infoHashV1 = randomBytes(20).toString('hex')
    const torrent = await putTorrent(catalog, `seeded-${round}`, {
      infoHashV1,
      record: { datasets: [{ uri: dataset }] },
    })
    const url = 'https://mirror.example.org/ice'
    await addProbeTargets(catalog.db, [
      {
        ...{ subject: infoHashV1, url, status: 'unchecked' },
        detail: { kind: 'bep19', metainfo: true },
        by: { metainfoCid: `blob-seeded-${round}` },
      },
    ])
    const outcome = {
      detail: { kind: 'bep19', metainfo: true },
      failed: false,
      nextAt: new Date(Date.now() + 1e6),
    }
    await writeProbes(catalog.db, [{ subject: infoHashV1, url, status: 'verified', ...outcome }], new Date())
    const [shown] = await readTorrentViews(catalog.db, [torrent], { detail: 'card', trackers: [] })
    expect(shown?.webseeds).toHaveLength(1)
    const [view] = await readDatasetViews(catalog.db, [dataset], { detail: 'card' })
    expect(view?.counts?.webseeds).toBe(1)
    expect((await searchTorrents(catalog.db, { hasWebseed: true })).hits).toHaveLength(1)
    expect((await countTotals(catalog.db)).webseeds).toBe(1)
  })
})
