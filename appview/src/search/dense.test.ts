/**
 * Records in which everything names everything, at the limits of the lexicons. A read is measured by the rows that the store
 * goes through, at one size and at ten times that size: if that grew with the square, it would be a hundred times as many.
 */
import { randomBytes } from 'node:crypto'
import { type SQL, sql } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { needs } from '../../../test/system/requirements.ts'
import { testBackends } from '../../testing/backends.ts'
import { did as author, putRecord, putTorrent } from '../../testing/publishing.ts'
import { applyAdmissionPolicy } from '../catalog/admission-policy.ts'
import { decideAdmission } from '../catalog/admissions.ts'
import { applyBatch, type RecordOp } from '../catalog/apply-batch.ts'
import { settle } from '../catalog/derive/settle.ts'
import { createTouched } from '../catalog/derive/touched.ts'
import { addTrackerTargets } from '../catalog/swarms/targets.ts'
import { readDatasetViews } from '../catalog/views/datasets/dataset-views.ts'
import { datasetPageReader } from '../catalog/views/pages/page-datasets.ts'
import { findContent, readTorrentUrisByInfoHash } from '../catalog/views/torrents/contents.ts'
import { readTorrentViews } from '../catalog/views/torrents/torrent-views.ts'
import type { Catalog } from '../store/open.ts'
import { type Db, rows, statementOf } from '../store/sql.ts'
import { searchDatasets } from './datasets.ts'

const sizes = [10, 100] as const
let revisions = 0

const able = needs('records that name each other', 'patience')

describe.skipIf(!able).each(testBackends())(
  'the cost of records that all name each other, on $name',
  ({ open }) => {
    let catalog: Catalog
    beforeAll(async () => {
      catalog = await open()
      await applyAdmissionPolicy(catalog.db, 'open')
    })
    afterAll(() => catalog[Symbol.asyncDispose]())

    /** Writes records of one account in one commit; resolves with their URIs. */
    async function putAll(kind: string, values: Readonly<Record<string, object>>): Promise<string[]> {
      const ops = Object.entries(values).map(
        ([rkey, value]): RecordOp => ({
          ...{ action: 'put', kind, cid: `cid-${rkey}` },
          uri: `at://${author}/${kind}/${rkey}`,
          value: { createdAt: '2026-01-02T03:04:05Z', ...value },
        }),
      )
      const rev = `3nz${String(++revisions).padStart(10, '0')}`
      await applyBatch(catalog.db, {
        commits: [{ did: author, rev, dataCid: 'd', ops, partial: true }],
      })
      return ops.map(({ uri }) => uri)
    }

    /**
     * Writes torrent records of one verified content that name these datasets; resolves with the fields that they
     * share.
     */
    async function putTorrents(name: string, count: number, datasets: readonly string[]) {
      const infoHashV1 = randomBytes(20).toString('hex')
      const record = { datasets: datasets.map((uri) => ({ uri })) }
      await putTorrent(catalog, `${name}-first`, { infoHashV1, record, did: 'did:plc:first' })
      await putTorrent(catalog, name, { infoHashV1, record })
      const metainfo = {
        $type: 'blob',
        ref: { $link: `blob-${name}` },
        mimeType: 'application/x-bittorrent',
        size: 1,
      }
      await putAll(
        'torrent',
        many(count, (n) => [`${name}-${n}`, { name: 'ice', infoHashV1, metainfo, ...record }]),
      )
      // Trackers named by the metainfo of strangers, so that each has to be found not to count.
      const tracker = { infoHash: infoHashV1, tracker: 'https://theirs.example.org/announce' }
      await addTrackerTargets(catalog.db, [{ ...tracker, by: { metainfoCid: `blob-${name}` } }])
      return { name: 'ice', infoHashV1, metainfo }
    }

    /** The factor by which the number of rows grows at ten times the size. */
    async function growth(
      fill: (count: number, name: string) => Promise<(db: Db) => Promise<unknown>>,
    ): Promise<number> {
      const costs: number[] = []
      for (const size of sizes) {
        const read = await fill(size, `s${size}-${++revisions}`)
        await catalog.db.execute(
          sql`ANALYZE catalog.record, catalog.dataset, catalog.torrent, catalog.torrent_dataset, catalog.webseed`,
        )
        costs.push(await rowsOf(catalog.db, read))
      }
      return costs[1]! / costs[0]!
    }

    test('grows no faster than the torrents of one content that name every dataset', async () => {
      const grown = await growth(async (count, name) => {
        const datasets = await putAll(
          'dataset',
          many(20, (n) => [`${name}-${n}`, { title: `Ice of ${name} ${n}` }]),
        )
        await putTorrents(name, count, datasets)
        return (db) => readDatasetViews(db, [datasets[0]!], { detail: 'page' })
      })
      expect(grown).toBeLessThan(20)
    })

    /** Writes torrents of strangers that name a dataset, more quickly than by records. */
    async function floodDataset(uri: string, count: number, visible: boolean): Promise<void> {
      const name = `flood-${++revisions}`
      await catalog.db.execute(sql`
        WITH its AS (
          INSERT INTO catalog.record (uri, did, kind, cid, rev, value, visible, created_at, indexed_at)
          SELECT format('at://did:plc:flood/torrent/%s-%s', ${name}::text, n), 'did:plc:flood', 'torrent', 'c', 'r', '{}', ${visible}::bool, now(), now()
          FROM generate_series(1, ${count}::int) AS n RETURNING id, uri),
        torrents AS (
          INSERT INTO catalog.torrent (id, uri, did, info_hash_v1, name, metainfo_status, created_at, indexed_at, visible, formats, names_web_seeds, codes)
          SELECT id, uri, 'did:plc:flood', md5(uri) || '00000000', 'flood', 'absent', now(), now(), ${visible}::bool, '{}', false, '{}' FROM its)
        INSERT INTO catalog.torrent_dataset (torrent_id, dataset_uri) SELECT id, ${uri} FROM its`)
    }

    test.each([true, false])(
      'reading a dataset has a limit, however many torrents name it (visible: %s)',
      async (visible) => {
        const flooded: string[] = []
        for (const count of [10_000, 30_000]) {
          const uri = await putRecord(catalog, 'dataset', `flooded-${++revisions}`, { title: 'Flooded' })
          await floodDataset(uri, count, visible)
          flooded.push(uri)
        }
        // As autovacuum does. Before it has run, the planner may read all entries that the index has for the dataset, which
        // takes about a millisecond for 10,000; their torrents are not read.
        await catalog.db.execute(
          sql`VACUUM (ANALYZE) catalog.record, catalog.torrent, catalog.torrent_dataset`,
        )
        // Measured when both are there, because a plan may depend on the size of the tables.
        const costs: number[] = []
        for (const uri of flooded)
          costs.push(await rowsOf(catalog.db, (db) => readDatasetViews(db, [uri], { detail: 'card' })))
        expect(costs[1]! / costs[0]!).toBeLessThan(1.5)
      },
    )

    test('reading a dataset finds the first author of a content once, not for each tracker', async () => {
      const costs: number[] = []
      for (const trackers of [1, 40]) {
        const name = `trackers-${++revisions}`
        const dataset = await putRecord(catalog, 'dataset', name, { title: `Trackers ${name}` })
        const { infoHashV1 } = await putTorrents(name, 100, [dataset])
        const targets = Array.from({ length: trackers }, (_, n) => ({
          infoHash: infoHashV1,
          tracker: `https://t${n}.example.org/announce`,
          by: { metainfoCid: `blob-${name}` },
        }))
        await addTrackerTargets(catalog.db, targets)
        costs.push(await rowsOf(catalog.db, (db) => readDatasetViews(db, [dataset], { detail: 'card' })))
      }
      expect(costs[1]! / costs[0]!).toBeLessThan(10)
    })

    test('who was first is found by an index, however many records were seen', async () => {
      const dataset = await putRecord(catalog, 'dataset', 'seen', { title: 'Seen' })
      await putTorrents('seen', 20, [dataset])
      const costs: number[] = []
      for (const more of [1, 20_000]) {
        await catalog.db.execute(sql`INSERT INTO local.first_seen (uri, at)
          SELECT format('at://did:plc:seen/torrent/%s-%s', ${more}::int, n), now() FROM generate_series(1, ${more}::int) AS n`)
        await catalog.db.execute(sql`ANALYZE local.first_seen`)
        costs.push(await rowsOf(catalog.db, (db) => readDatasetViews(db, [dataset], { detail: 'card' })))
      }
      expect(costs[1]! / costs[0]!).toBeLessThan(1.5)
    })

    test.each(['a torrent', 'a dataset', 'a count of its seeders'])(
      'writing %s costs the same, however many torrents of one content name every dataset',
      async (written) => {
        const grown = await growth(async (count, name) => {
          const datasets = await putAll(
            'dataset',
            many(20, (n) => [`${name}-${n}`, { title: `Ice of ${name} ${n}` }]),
          )
          const { infoHashV1 } = await putTorrents(name, count * 6, datasets)
          const [torrent] = await rows<{ id: number }>(
            catalog.db,
            sql`SELECT id FROM catalog.torrent WHERE uri = ${`at://${author}/torrent/${name}-1`}`,
          )
          if (written === 'a torrent') return (db) => settle(db, createTouched({ torrents: [torrent!.id] }))
          if (written === 'a dataset') return (db) => settle(db, createTouched({ datasetUris: datasets }))
          await catalog.db.execute(sql`
            INSERT INTO local.swarm (info_hash, tracker, seeders, scraped_at, own)
            VALUES (${infoHashV1}, 'https://ours.example.org/announce', 7, now(), true)`)
          return (db) => settle(db, createTouched({ swarms: [infoHashV1] }))
        })
        expect(grown).toBeLessThan(3)
      },
    )

    test('grows no faster than the torrents and webseeds of one content', async () => {
      let shown: unknown
      const grown = await growth(async (count, name) => {
        const dataset = await putRecord(catalog, 'dataset', name, { title: `Seeds of ${name}` })
        const { infoHashV1 } = await putTorrents(name, count, [dataset])
        await putAll(
          'webseed',
          many(count, (n) => [
            `${name}-${n}`,
            { subject: { infoHashV1 }, url: `https://mirror.example.org/${n}` },
          ]),
        )
        const torrent = `at://${author}/torrent/${name}`
        return async (db) => {
          const [view] = await readDatasetViews(db, [dataset], { detail: 'card' })
          shown = view?.counts?.webseeds
          await readTorrentViews(db, [torrent], { detail: 'page', trackers: [] })
        }
      })
      expect(grown).toBeLessThan(20)
      expect(shown).toBe(sizes[1])
    })

    /** Writes webseeds of strangers for a content, more quickly than by records. */
    async function floodContent(infoHashV1: string, count: number, visible: boolean): Promise<void> {
      const name = `seeds-${++revisions}`
      await catalog.db.execute(sql`
        WITH its AS (
          INSERT INTO catalog.record (uri, did, kind, cid, rev, value, visible, created_at, indexed_at)
          SELECT format('at://did:plc:flood/webseed/%s-%s', ${name}::text, n), 'did:plc:flood', 'webseed', 'c', 'r', '{}', ${visible}::bool, now(), now()
          FROM generate_series(1, ${count}::int) AS n RETURNING id, uri)
        INSERT INTO catalog.webseed (id, did, info_hash_v1, url, kind, visible, created_at)
        SELECT id, 'did:plc:flood', ${infoHashV1}, 'https://flood.example.org/' || id, 'bep19', ${visible}::bool, now() FROM its`)
    }

    test.each([true, false])(
      'reading a content has a limit, however many webseeds strangers name (visible: %s)',
      async (visible) => {
        const flooded: { dataset: string; torrent: string }[] = []
        for (const count of [2_000, 20_000]) {
          const name = `seeded-${++revisions}`
          const dataset = await putRecord(catalog, 'dataset', name, { title: `Seeded ${name}` })
          const { infoHashV1 } = await putTorrents(name, 1, [dataset])
          await floodContent(infoHashV1, count, visible)
          flooded.push({ dataset, torrent: `at://${author}/torrent/${name}` })
        }
        await catalog.db.execute(sql`VACUUM (ANALYZE) catalog.record, catalog.torrent, catalog.webseed`)
        const costs: number[] = []
        for (const { dataset, torrent } of flooded)
          costs.push(
            await rowsOf(catalog.db, async (db) => {
              await readDatasetViews(db, [dataset], { detail: 'page' })
              await readTorrentViews(db, [torrent], { detail: 'page', trackers: [] })
            }),
          )
        expect(costs[1]! / costs[0]!).toBeLessThan(1.5)
      },
    )

    test('finding a content has a limit, and is not prevented by records that only claim it', async () => {
      const flooded: { infoHash: string; uri: string }[] = []
      for (const count of [3_000, 30_000]) {
        const infoHash = randomBytes(20).toString('hex')
        const name = `claimed-${++revisions}`
        await catalog.db.execute(sql`
          WITH its AS (
            INSERT INTO catalog.record (uri, did, kind, cid, rev, value, visible, created_at, indexed_at)
            SELECT format('at://did:plc:flood/torrent/%s-%s', ${name}::text, n), 'did:plc:flood', 'torrent', 'c', 'r', '{}', true, now(), now()
            FROM generate_series(1, ${count}::int) AS n RETURNING id, uri)
          INSERT INTO catalog.torrent (id, uri, did, info_hash_v1, name, metainfo_status, created_at, indexed_at, visible, formats, names_web_seeds, codes)
          SELECT id, uri, 'did:plc:flood', ${infoHash}, 'flood', 'absent', now(), now(), true, '{}', false, '{}' FROM its`)
        flooded.push({ infoHash, uri: await putTorrent(catalog, name, { infoHashV1: infoHash }) })
      }
      await catalog.db.execute(sql`VACUUM (ANALYZE) catalog.record, catalog.torrent, catalog.content`)
      const costs: number[] = []
      for (const { infoHash, uri } of flooded) {
        costs.push(
          await rowsOf(catalog.db, async (db) => {
            const found = await findContent(db, { infoHash })
            expect('found' in found && found.found.uri).toBe(uri)
            await readTorrentUrisByInfoHash(db, infoHash, 50)
          }),
        )
      }
      expect(costs[1]! / costs[0]!).toBeLessThan(3)
    })

    test('shows the webseeds of the author and of those let in, though strangers named many before', async () => {
      const name = `pushed-${++revisions}`
      const { infoHashV1 } = await putTorrents(name, 1, [])
      await floodContent(infoHashV1, 1_000, true)
      const subject = { infoHashV1 }
      const letIn = 'did:plc:letin'
      await decideAdmission(catalog.db, { kind: 'did', value: letIn }, { action: 'allow' })
      await putRecord(catalog, 'webseed', name, { subject, url: 'https://author.example.org/' })
      await putRecord(catalog, 'webseed', name, { subject, url: 'https://letin.example.org/', did: letIn })
      const torrent = `at://${author}/torrent/${name}`
      const [view] = await readTorrentViews(catalog.db, [torrent], { detail: 'page', trackers: [] })
      expect(view?.webseeds?.slice(0, 2).map(({ url }) => url)).toEqual([
        'https://author.example.org/',
        'https://letin.example.org/',
      ])
    })

    const shapes = {
      chain: (n: number) => n - 1,
      cycle: (n: number, count: number) => (n + count - 1) % count,
      star: () => 0,
    }
    test.each(Object.entries(shapes))(
      'grows no faster than a %s of torrents that supersede each other',
      async (_, before) => {
        const grown = await growth(async (count, name) => {
          const verified = await putTorrents(name, 0, [])
          const old = (n: number) => `at://${author}/torrent/${name}-${n}`
          await putAll(
            'torrent',
            many(count, (n) => [
              `${name}-${n}`,
              { ...verified, ...(before(n, count) >= 0 && { supersedes: { uri: old(before(n, count)) } }) },
            ]),
          )
          const found = await rows<{ id: number }>(
            catalog.db,
            sql`SELECT id FROM catalog.torrent WHERE uri LIKE ${`at://${author}/torrent/${name}-%`}`,
          )
          return (db) =>
            settle(db, createTouched({ torrents: found.map(({ id }) => id) })).then(() =>
              readTorrentViews(db, [old(0)], { detail: 'page', trackers: [] }),
            )
        })
        expect(grown).toBeLessThan(20)
      },
    )

    test.each(Object.entries(shapes))(
      'grows no faster than a %s of datasets that are versions of each other',
      async (_, before) => {
        let versions = 0
        const grown = await growth(async (count, name) => {
          const of = (n: number) => `at://${author}/dataset/${name}-${n}`
          await putAll(
            'dataset',
            many(count, (n) => {
              const uri = of(Math.max(before(n, count), 0))
              return [`${name}-${n}`, { title: `Version ${n}`, versionOf: { uri }, supersedes: { uri } }]
            }),
          )
          return async (db) => {
            versions = (await datasetPageReader(db, { trackers: [] })(of(0)))?.versions.length ?? 0
          }
        })
        expect(grown).toBeLessThan(20)
        expect(versions).toBeLessThanOrEqual(50)
      },
    )

    test('grows no faster than the references of records to the same records', async () => {
      const named = await putAll(
        'dataset',
        many(20, (n) => [`named-${n}`, { title: `Named ${n}` }]),
      )
      const grown = await growth(async (count, name) => {
        // At the larger size, a thousand references, which is as many as a record may have.
        const derivedFrom = Array.from({ length: count * 10 }, (_, n) => ({ uri: named[n % 20] }))
        const uris = await putAll(
          'dataset',
          many(20, (n) => [`${name}-${n}`, { title: `Derived ${n}`, derivedFrom }]),
        )
        return (db) => readDatasetViews(db, uris, { detail: 'card' })
      })
      expect(grown).toBeLessThan(20)
    })

    test('grows no faster than records with as many keywords as allowed', async () => {
      const keywords = Array.from({ length: 2_000 }, (_, n) => ({ name: `word ${n}` }))
      const grown = await growth(async (count, name) => {
        await putAll(
          'dataset',
          many(count / 10, (n) => [
            `${name}-${n}`,
            { title: `${name} ${n}`, license: { spdx: name }, keywords },
          ]),
        )
        return (db) => searchDatasets(db, { license: name, facets: ['keyword', 'publisher'], limit: 10 })
      })
      expect(grown).toBeLessThan(20)
    })
  },
)

function many<T>(count: number, make: (n: number) => [string, T]): Record<string, T> {
  return Object.fromEntries(Array.from({ length: count }, (_, n) => make(n)))
}

interface PlanNode {
  'Actual Rows': number
  'Actual Loops': number
  'Rows Removed by Filter'?: number
  'Rows Removed by Join Filter'?: number
  'Rows Removed by Index Recheck'?: number
  Plans?: PlanNode[]
}

/** The rows that the store goes through in all statements of a read. */
async function rowsOf(db: Db, read: (db: Db) => Promise<unknown>): Promise<number> {
  let total = 0
  const measured = (inner: Db): Db =>
    ({
      async execute(query: SQL) {
        if (/^\s*(SELECT|WITH|UPDATE)\b/.test(statementOf(query).text)) {
          const [explained] = await rows<{ 'QUERY PLAN': { Plan: PlanNode }[] }>(
            inner,
            sql`EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) ${query}`,
          )
          total += visited(explained!['QUERY PLAN'][0]!.Plan)
        }
        return inner.execute(query)
      },
      transaction: (work: (tx: Db) => Promise<unknown>) =>
        inner.transaction((tx) => work(measured(tx as unknown as Db))),
    }) as unknown as Db
  await db.transaction(async (tx) => {
    // The planner would read small tables whole, which it does not do with large ones.
    await tx.execute(sql`SET LOCAL enable_seqscan = off`)
    await tx.execute(sql`SET LOCAL jit = off`)
    await read(measured(tx as unknown as Db))
  })
  return total
}

function visited(node: PlanNode): number {
  const removed =
    (node['Rows Removed by Filter'] ?? 0) +
    (node['Rows Removed by Join Filter'] ?? 0) +
    (node['Rows Removed by Index Recheck'] ?? 0)
  const below = (node.Plans ?? []).reduce((sum, plan) => sum + visited(plan), 0)
  return (node['Actual Rows'] + removed) * node['Actual Loops'] + below
}
