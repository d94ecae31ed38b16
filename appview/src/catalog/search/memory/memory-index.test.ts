import { sql } from 'drizzle-orm'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { applyBatch, type RecordOp } from '../../ingest-writes.ts'
import { resetCatalog } from '../../store/migrate.ts'
import { testBackends } from '../../test-backends.ts'
import { applyAdmissionPolicy } from '../../visibility.ts'
import { type DatasetSearch, searchDatasets } from '../searchDatasets.ts'
import { doi, mirror, noaa, openSearchable, put, type Searchable, shortOf } from '../test-datasets.ts'
import { searchExactly } from '../test-exact.ts'
import type { SearchMemory } from './search-memory.ts'
import { type MemoryIndexState, type RunningMemoryIndex, startMemoryIndex } from './start-memory-index.ts'

const words = [
  'sea',
  'ice',
  'ocean',
  'census',
  'county',
  'satellite',
  'monthly',
  'glacier',
  'flood',
  'zircon',
]
const publishers = ['NOAA', 'NASA', 'Census Bureau']
const risks = ['unknown', 'watchlist', 'endangered', 'extinct']

describe.each(testBackends())('the index in memory on $name', ({ open }) => {
  let searchable: Searchable
  let memory: RunningMemoryIndex
  beforeAll(async () => {
    searchable = await openSearchable(open)
    await searchable.commit(
      noaa,
      Array.from({ length: 240 }, (_, i) => put('dataset', noaa, `made-${i}`, made(i))),
    )
    memory = await startMemoryIndex({ catalog: searchable.catalog, maxBytes: 1e9 })
    await memory.caughtUp()
  })
  afterAll(async () => {
    await memory[Symbol.asyncDispose]()
    await searchable[Symbol.asyncDispose]()
  })

  /** Memory alone: undefined where it leaves the question to the store. */
  async function fromMemory(parameters: DatasetSearch, held: SearchMemory = memory) {
    const asked = { store: 0 }
    // The store is searched in a transaction: on PostgreSQL by a connection that is reserved for it.
    const watch = <T extends object>(target: T): T =>
      new Proxy(target, {
        get: (on, name) => {
          if (name === 'transaction' || name === 'reserve') asked.store++
          const value = Reflect.get(on, name)
          return name === '$client' ? watch(value as object) : value
        },
      })
    const results = await searchDatasets(watch(searchable.catalog.db), parameters, held)
    return { results, isFromStore: asked.store > 0 }
  }

  /** Every match ranked in the store, its words weighed as memory weighs them. */
  const exactly = (parameters: DatasetSearch) =>
    searchExactly(searchable.catalog.db, parameters, memory.current()!.index)

  const term = fc.oneof(
    { weight: 6, arbitrary: fc.constantFrom(...words) },
    {
      weight: 1,
      arbitrary: fc.constantFrom(
        '-sea',
        '-flood',
        'title:ice',
        '-title:ocean',
        'has:torrent',
        '-has:seeders',
      ),
    },
    {
      weight: 1,
      arbitrary: fc.constantFrom('publisher:noaa', 'risk:endangered', 'format:csv', '-format:csv', 'data'),
    },
  )
  const searches: fc.Arbitrary<DatasetSearch> = fc.record(
    {
      q: fc.array(term, { maxLength: 4 }).map((terms) => terms.join(' ')),
      risk: fc.subarray(risks),
      publisher: fc.constantFrom(...publishers),
      license: fc.constant('CC0-1.0'),
      format: fc.constant('csv'),
      hasTorrent: fc.boolean(),
      minSizeBytes: fc.constantFrom(0, 40_000),
      maxSizeBytes: fc.constantFrom(90_000, 200_000),
      createdAfter: fc.constant('2026-01-20T00:00:00Z'),
      createdBefore: fc.constant('2026-02-20T12:00:00.5Z'),
      goneBefore: fc.constantFrom('2027-03-02T00:00:00Z', '2027-06-01T00:00:00Z'),
      sort: fc.constantFrom('relevance', 'newest', 'largest', 'smallest', 'fewest-seeders', 'risk-deadline'),
      facets: fc.subarray(['publisher', 'risk', 'keyword', 'format', 'license', 'author', 'hasTorrent']),
      limit: fc.constantFrom(1, 7, 100),
    },
    { requiredKeys: [] },
  )

  test('answers whatever is asked as ranking every match in the store does, page after page', async () => {
    await fc.assert(
      fc.asyncProperty(searches, async (parameters) => {
        let asked = parameters
        for (let page = 0; page < 3; page++) {
          const exact = await exactly(asked)
          const { results } = await fromMemory(asked)
          const { hits, facets, hitsTotal, cursor } = results
          expect({ hits, facets: counted(facets), cursor: cursor === undefined }).toEqual({
            hits: exact.hits,
            facets: counted(exact.facets),
            cursor: exact.cursor === undefined,
          })
          if (page === 0) expect(hitsTotal).toBe(exact.hitsTotal)
          if (cursor === undefined) break
          asked = { ...parameters, cursor }
        }
      }),
      { numRuns: 150, seed: 20_261_128 },
    )
  }, 120_000)

  test('is what answers: the store is not searched', async () => {
    expect((await fromMemory({ q: 'sea ice', facets: ['risk'] })).isFromStore).toBe(false)
    expect((await fromMemory({ q: 'sea ice', sort: 'risk-deadline', hasTorrent: false })).isFromStore).toBe(
      false,
    )
  })

  test('leaves phrases, instants of indexing and judges to the store', async () => {
    const { results, isFromStore } = await fromMemory({ q: '"sea ice" extent' })
    expect(results.hits.map(({ uri }) => shortOf(uri))).toEqual(['noaa sea-ice'])
    expect(isFromStore).toBe(true)
    const indexed = await fromMemory({ q: 'glaciers', indexedBefore: '2000-01-01T00:00:00Z' })
    expect(indexed.results.hits).toEqual([])
    const judged = await fromMemory({ q: 'sea', risk: ['endangered'], assessedBy: ['judge.example.org'] })
    expect(judged.results.hits).toEqual([])
  })

  test('corrects a spelling, and finds by identifier', async () => {
    const { results } = await fromMemory({ q: 'glacer inventory' })
    expect(results.matched).toBe('glacier inventory')
    expect(shortOf(results.hits[0]!.uri)).toBe('noaa glaciers')
    expect((await fromMemory({ q: doi })).results.hits.map(({ uri }) => shortOf(uri))).toEqual([
      'noaa sea-ice',
    ])
  })

  test('shows at once what is written, described anew, hidden and gone', async () => {
    const find = async (q: string) => (await fromMemory({ q })).results.hits.map(({ uri }) => shortOf(uri))
    const uri = `at://${noaa}/dataset/permafrost`
    expect(await find('permafrost boreholes')).toEqual([])
    await searchable.commit(noaa, [put('dataset', noaa, 'permafrost', { title: 'Permafrost boreholes' })])
    expect(await find('permafrost boreholes')).toEqual(['noaa permafrost'])
    await memory.caughtUp()
    expect(await find('permafrost boreholes')).toEqual(['noaa permafrost'])
    await searchable.commit(noaa, [
      { ...put('dataset', noaa, 'permafrost', { title: 'Tundra boreholes' }), cid: 'cid-tundra' } as RecordOp,
    ])
    await memory.caughtUp()
    expect(await find('permafrost boreholes -tundra')).toEqual([])
    expect(await find('tundra boreholes')).toEqual(['noaa permafrost'])
    const { db } = searchable.catalog
    await applyBatch(db, { accounts: [{ did: noaa, active: false, status: 'suspended' }] })
    expect(await find('tundra boreholes')).toEqual([])
    await applyBatch(db, { accounts: [{ did: noaa, active: true }] })
    await memory.caughtUp()
    expect(await find('tundra boreholes')).toEqual(['noaa permafrost'])
    await searchable.commit(noaa, [{ action: 'delete', uri }])
    expect(await find('tundra boreholes')).toEqual([])
    await memory.caughtUp()
    expect(await find('tundra boreholes')).toEqual([])
  })

  test('follows past a transaction that is still open, and takes in what that wrote once it is over', async () => {
    const find = async (q: string) => (await fromMemory({ q })).results.hits.map(({ uri }) => shortOf(uri))
    const { db, kind } = searchable.catalog
    // PGlite has one connection: nothing happens beside a transaction.
    const beside = kind === 'pglite' ? (work: () => Promise<void>) => work() : undefined
    const write = sql`UPDATE catalog.dataset SET seeders = 7 WHERE uri = ${`at://${noaa}/dataset/glaciers`}`
    const meanwhile = async () => {
      await searchable.commit(mirror, [put('dataset', mirror, 'other', { title: 'Quicksilver assays' })])
      expect(await find('quicksilver')).toEqual(['mirror other'])
      await memory.caughtUp()
      expect(await find('quicksilver')).toEqual(['mirror other'])
      expect(await find('inventory has:seeders')).toEqual([])
    }
    if (beside) await beside(meanwhile)
    await db.transaction(async (tx) => {
      await tx.execute(write)
      if (!beside) await meanwhile()
    })
    expect(await find('inventory has:seeders')).toEqual(['noaa glaciers'])
    await memory.caughtUp()
    expect(await find('inventory has:seeders')).toEqual(['noaa glaciers'])
  })

  test('leaves a question to the store where something is taken in while it is asked', async () => {
    const changing: SearchMemory = {
      current() {
        const current = memory.current()
        setImmediate(() => current?.index.setCounts([]))
        return current
      },
    }
    expect((await fromMemory({ q: 'sea ice' })).isFromStore).toBe(false)
    expect((await fromMemory({ q: 'sea ice' }, changing)).isFromStore).toBe(true)
  })

  test('is none where it would be too large, and says so', async () => {
    const told: MemoryIndexState[] = []
    const { promise, resolve } = Promise.withResolvers<void>()
    await using small = await startMemoryIndex({
      catalog: searchable.catalog,
      maxBytes: 10_000,
      onState: (state) => {
        told.push(state)
        resolve()
      },
    })
    await promise
    expect(told).toMatchObject([{ kind: 'too-large' }])
    expect(small.current()).toBeUndefined()
    expect((await fromMemory({ q: 'sea ice' }, small)).results.hits.length).toBeGreaterThan(0)
  })

  test('begins anew with another catalogue, and meanwhile answers nothing of the old one', async () => {
    const { catalog } = searchable
    await resetCatalog(catalog.db, catalog.kind)
    await applyAdmissionPolicy(catalog.db, 'open')
    expect((await fromMemory({ q: 'sea ice' })).results.hits).toEqual([])
    await searchable.commit(noaa, [put('dataset', noaa, 'only', { title: 'Sea ice alone' })])
    await memory.caughtUp()
    expect((await fromMemory({ q: 'sea ice' })).results.hits.map(({ uri }) => shortOf(uri))).toEqual([
      'noaa only',
    ])
    expect(memory.current()!.index.records).toBe(1)
  })
})

/** Facets in one order of values: the store and memory order equal counts by their own alphabets. */
function counted(facets: Awaited<ReturnType<typeof searchDatasets>>['facets']) {
  return facets?.map(({ field, values }) => ({
    field,
    values: values.toSorted((a, b) => b.count - a.count || (a.value < b.value ? -1 : 1)),
  }))
}

/** The same for the same number; some share an identifier, and with it a card. */
function made(i: number): Record<string, unknown> {
  const pick = (from: readonly string[], step: number) => from[Math.floor(i / step) % from.length]!
  return {
    title: `${pick(words, 1)} ${pick(words, 3)} ${i}`,
    description: Array.from({ length: i % 23 }, (_, n) => words[(i * (n + 3) + n) % words.length]).join(' '),
    publisher: { name: pick(publishers, 2) },
    keywords: [{ name: pick(words, 5).toUpperCase() }, { name: `${pick(words, 7)} data` }],
    formats: i % 3 === 0 ? [{ mediaType: 'text/csv' }] : [],
    risk: { level: pick(risks, 2), ...(i % 4 === 0 && { expectedGone: `2027-0${1 + (i % 9)}` }) },
    ...(i % 2 === 0 && { sizeBytes: (i * 7_919) % 150_000 }),
    ...(i % 5 === 0 && { license: { spdx: 'CC0-1.0' } }),
    ...(i % 11 === 0 && { identifiers: [{ scheme: 'doi', value: `10.5555/${i % 3}` }] }),
    createdAt: new Date(Date.parse('2026-01-01T00:00:00Z') + i * 21_600_000 + (i % 7) * 100).toISOString(),
  }
}
