import { sql } from 'drizzle-orm'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { testBackends } from '../../../testing/backends.ts'
import {
  doi,
  mirror,
  noaa,
  openSearchableInMemory,
  put,
  type SearchableInMemory,
  shortOf,
} from '../../../testing/datasets.ts'
import { searchExactly } from '../../../testing/exact-search.ts'
import { countSwarms, madeDatasets, publishers, risks, words } from '../../../testing/made-datasets.ts'
import { applyAdmissionPolicy } from '../../catalog/admission-policy.ts'
import { applyBatch, type RecordOp } from '../../catalog/apply-batch.ts'
import { resetCatalog } from '../../store/migrate.ts'
import { type DatasetSearch, searchDatasets } from '../datasets.ts'
import type { SearchMemory } from './search-memory.ts'
import { type MemoryIndexState, type RunningMemoryIndex, startMemoryIndex } from './start-memory-index.ts'

const other = 'did:plc:other'

describe.each(testBackends())('the index in memory on $name', ({ open }) => {
  let searchable: SearchableInMemory
  let memory: RunningMemoryIndex
  beforeAll(async () => {
    searchable = await openSearchableInMemory(open, async ({ catalog, commit }) => {
      await commit(noaa, madeDatasets(noaa, 200))
      await commit(other, madeDatasets(other, 60))
      await countSwarms(catalog.db)
    })
    memory = searchable.memory
  })
  afterAll(() => searchable[Symbol.asyncDispose]())

  /** Searches in memory where it can, and says whether the store answered. */
  async function fromMemory(parameters: DatasetSearch, searched: SearchMemory = memory) {
    const { answeredBy, ...results } = await searchDatasets(searchable.catalog.db, parameters, searched)
    return { results, isFromStore: answeredBy === 'store' }
  }

  /** Waits until memory answers, because the store does while changes are taken in or segments merged. */
  async function answersFromMemory(parameters: DatasetSearch) {
    await memory.caughtUp()
    await vi.waitFor(async () => expect((await fromMemory(parameters)).isFromStore).toBe(false))
  }

  /** Ranks every match in the store, with the word weights of memory. */
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
        '-has:torrent',
        'has:seeders',
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
      author: fc.constantFrom(noaa, mirror, other),
      keyword: fc.constantFrom(['ice'], ['OCEAN'], ['flood', 'sea data']),
      hasTorrent: fc.boolean(),
      minSeeders: fc.constantFrom(0, 2),
      maxSeeders: fc.constantFrom(0, 3),
      minSizeBytes: fc.constantFrom(0, 40_000),
      maxSizeBytes: fc.constantFrom(90_000, 200_000),
      createdAfter: fc.constant('2026-01-20T00:00:00Z'),
      createdBefore: fc.constant('2026-02-20T12:00:00.5Z'),
      goneBefore: fc.constantFrom('2027-03-02T00:00:00Z', '2027-06-01T00:00:00Z'),
      sort: fc.constantFrom('relevance', 'newest', 'largest', 'smallest', 'fewest-seeders', 'expected-gone'),
      facets: fc.subarray(['publisher', 'risk', 'keyword', 'format', 'license', 'author', 'hasTorrent']),
      limit: fc.constantFrom(1, 7, 100),
    },
    { requiredKeys: [] },
  )

  /** Asks both engines for up to three pages, which must be the same. Returns how many of them memory answered. */
  async function askBoth(parameters: DatasetSearch): Promise<number> {
    let asked = parameters
    let byMemory = 0
    for (let page = 0; page < 3; page++) {
      const exact = await exactly(asked)
      const { results, isFromStore } = await fromMemory(asked)
      if (!isFromStore) byMemory++
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
    return byMemory
  }

  test('answers any search as the store does when it ranks every match, page after page', async () => {
    const asked = fc.asyncProperty(searches, async (parameters) => void (await askBoth(parameters)))
    await fc.assert(asked, { numRuns: 150, seed: 20_261_128 })
  }, 120_000)

  test('answers without the records of an account that is veiled, and with them afterwards', async () => {
    const { db } = searchable.catalog
    const authors = async () => {
      const { results } = await fromMemory({ q: 'sea ice', limit: 100 })
      return new Set(results.hits.map(({ uri }) => uri.split('/')[2]))
    }
    await answersFromMemory({ q: 'sea ice' })
    for (const veiled of [other, noaa]) {
      expect(await authors()).toContain(veiled)
      await db.execute(sql`INSERT INTO catalog.sweep (subject, kind, veiled) VALUES (${veiled}, 'did', true)`)
      expect(await authors()).not.toContain(veiled)
      let byMemory = 0
      const asked = fc.asyncProperty(searches, async (parameters) => {
        byMemory += await askBoth(parameters)
      })
      await fc.assert(asked, { numRuns: 40, seed: 20_261_201 })
      expect(byMemory).toBeGreaterThanOrEqual(40)
      await db.execute(sql`DELETE FROM catalog.sweep WHERE subject = ${veiled}`)
    }
    expect(await authors()).toContain(noaa)
  }, 120_000)

  test('answers without a search in the store', async () => {
    await answersFromMemory({ q: 'sea ice', facets: ['risk'] })
    await answersFromMemory({ q: 'sea ice', sort: 'expected-gone', hasTorrent: false })
  })

  test('leaves phrases, dates of indexing and single accounts’ assessments to the store', async () => {
    const { results, isFromStore } = await fromMemory({ q: '"sea ice" extent' })
    expect(shortOf(results.hits[0]!.uri)).toBe('noaa sea-ice')
    expect(isFromStore).toBe(true)
    const indexed = await fromMemory({ q: 'glaciers', indexedBefore: '2000-01-01T00:00:00Z' })
    expect(indexed.results.hits).toEqual([])
    const judged = await fromMemory({ q: 'sea', risk: ['endangered'], assessedBy: ['judge.example.org'] })
    expect(judged.results.hits).toEqual([])
  })

  test('corrects spelling', async () => {
    const { results } = await fromMemory({ q: 'glacer inventory' })
    expect(results.searchedQuery).toBe('glacier inventory')
    expect(shortOf(results.hits[0]!.uri)).toBe('noaa glaciers')
  })

  test('finds a dataset by its identifier', async () => {
    expect((await fromMemory({ q: doi })).results.hits.map(({ uri }) => shortOf(uri))).toEqual([
      'noaa sea-ice',
    ])
  })

  test('shows at once what is written, changed, hidden or deleted', async () => {
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

  test('takes in what a long transaction wrote, after later ones were taken in', async () => {
    const find = async (q: string) => (await fromMemory({ q })).results.hits.map(({ uri }) => shortOf(uri))
    const { db, kind } = searchable.catalog
    // PGlite has one connection, so nothing can happen during a transaction.
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

  test('leaves a search to the store if the index changes meanwhile', async () => {
    const changing: SearchMemory = {
      current() {
        const current = memory.current()
        setImmediate(() => current?.index.setCounts([]))
        return current
      },
    }
    await answersFromMemory({ q: 'sea ice' })
    expect((await fromMemory({ q: 'sea ice' }, changing)).isFromStore).toBe(true)
  })

  test('an index that would be too large is given up', async () => {
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

  test('reads the index again when the catalog was reset, and answers nothing from the old one', async () => {
    const { catalog } = searchable
    await resetCatalog(catalog.db)
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

/** Facets with their values in one order, because the store and memory sort values of equal counts differently. */
function counted(facets: Awaited<ReturnType<typeof searchDatasets>>['facets']) {
  return facets?.map(({ field, values }) => ({
    field,
    values: values.toSorted((a, b) => b.count - a.count || (a.value < b.value ? -1 : 1)),
  }))
}
