import { sql } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { testBackends } from '../../testing/backends.ts'
import { did, putRecord, putTorrent } from '../../testing/publishing.ts'
import type { Catalog } from '../store/open.ts'
import { rows } from '../store/sql.ts'
import { applyAdmissionPolicy } from './admission-policy.ts'
import { applyBatch, type RecordOp } from './apply-batch.ts'
import { torrentsAtOnce } from './derive/recount-notes.ts'
import { recountNext } from './recounts.ts'
import { writeSwarmCounts } from './swarms/counts.ts'

/** More than one slice. */
const many = 230

describe.each(testBackends())('what many torrents share, on $name', ({ open }) => {
  let catalog: Catalog
  let revs = 0
  let uris: string[]
  const infoHashV1 = 'ab'.repeat(20)
  const torrentUri = (n: number) => `at://${did}/torrent/many-${n}`
  const write = (ops: RecordOp[]) =>
    applyBatch(catalog.db, {
      commits: [{ did, rev: `3nz${String(++revs).padStart(10, '0')}`, dataCid: 'd', ops, partial: true }],
    })
  const torrent = (n: number, datasets: readonly string[]): RecordOp => ({
    ...{ action: 'put', kind: 'torrent', uri: torrentUri(n), cid: `cid-${++revs}` },
    value: {
      createdAt: '2026-01-02T03:04:05Z',
      name: 'ice',
      infoHashV1,
      metainfo: {
        $type: 'blob',
        ref: { $link: 'blob-first' },
        mimeType: 'application/x-bittorrent',
        size: 1,
      },
      datasets: datasets.map((uri) => ({ uri })),
    },
  })
  const recountAll = async () => {
    let times = 0
    while (await recountNext(catalog.db)) expect(++times).toBeLessThan(100)
    return times
  }
  const counted = () =>
    rows(
      catalog.db,
      sql`SELECT torrent_count AS torrents, seeders, size_bytes::int AS size FROM catalog.dataset
          WHERE uri = ANY (${sql.raw(`ARRAY[${uris.map((uri) => `'${uri}'`).join()}]`)}) ORDER BY uri`,
    )
  const wanted = async () => {
    const [row] = await rows<{ n: number }>(
      catalog.db,
      sql`SELECT count(*)::int AS n FROM catalog.torrent WHERE wanted`,
    )
    return row!.n
  }

  beforeAll(async () => {
    catalog = await open()
    await applyAdmissionPolicy(catalog.db, 'open')
    uris = [
      await putRecord(catalog, 'dataset', 'first', { title: 'Ice' }),
      await putRecord(catalog, 'dataset', 'second', { title: 'Snow' }),
    ]
    await putTorrent(catalog, 'first', { infoHashV1, record: { datasets: uris.map((uri) => ({ uri })) } })
    await write(Array.from({ length: many }, (_, n) => torrent(n, uris)))
    await recountAll()
  })
  afterAll(() => catalog[Symbol.asyncDispose]())

  test('is counted soon after, also when torrents are removed', async () => {
    const all = { torrents: many + 1, seeders: null, size: 5 }
    expect(await counted()).toEqual([all, all])
    await write([{ action: 'delete', uri: torrentUri(0) }])
    expect(await counted()).toEqual([all, all])
    expect(await recountAll()).toBeGreaterThan(0)
    const fewer = { ...all, torrents: many }
    expect(await counted()).toEqual([fewer, fewer])
    expect(await recountAll()).toBe(0)
  })

  test('a count of seeders reaches all torrents and their datasets', async () => {
    await writeSwarmCounts(catalog.db, {
      ...{ tracker: 'https://ours.example.org/announce', at: new Date(), own: true },
      counts: [{ infoHash: infoHashV1, seeders: 7, leechers: 0, completed: null }],
    })
    await recountAll()
    const seeded = await rows(catalog.db, sql`SELECT DISTINCT seeders FROM catalog.torrent`)
    expect(seeded).toEqual([{ seeders: 7 }])
    expect(await counted()).toMatchObject([{ seeders: 7 }, { seeders: 7 }])
  })

  test('torrents of datasets that are gone are no longer wanted, and wanted when they return', async () => {
    const before = await wanted()
    await write(uris.map((uri) => ({ action: 'delete', uri })))
    await recountAll()
    expect(await wanted()).toBe(0)
    await putRecord(catalog, 'dataset', 'first', { title: 'Ice' })
    await putRecord(catalog, 'dataset', 'second', { title: 'Snow' })
    await recountAll()
    expect(await wanted()).toBe(before)
    expect(await counted()).toMatchObject([{ torrents: before }, { torrents: before }])
  })

  test('few torrents of a dataset are counted at once', async () => {
    const other = await putRecord(catalog, 'dataset', 'other', { title: 'Water' })
    await write(Array.from({ length: torrentsAtOnce }, (_, n) => torrent(n + 1, [other])))
    const [row] = await rows<{ n: number }>(
      catalog.db,
      sql`SELECT torrent_count AS n FROM catalog.dataset WHERE uri = ${other}`,
    )
    expect(row!.n).toBe(torrentsAtOnce)
  })
})
