/**
 * Asks both engines for each condition, order and boost by itself. A kind of condition without a sample here is a type
 * error. `memory-index.test.ts` combines them at random.
 */
import { sql } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { testBackends } from '../../../testing/backends.ts'
import {
  noaa,
  openSearchableInMemory,
  type Searchable,
  type SearchableInMemory,
} from '../../../testing/datasets.ts'
import { rankEveryMatch } from '../../../testing/exact-search.ts'
import { countSwarms, madeDatasets } from '../../../testing/made-datasets.ts'
import { putRecord, putTorrent } from '../../../testing/publishing.ts'
import { baseOf } from '../../search-terms/codes.ts'
import { refreshSearchStatistics } from '../../search-terms/statistics.ts'
import { stemOf } from '../../search-terms/stems.ts'
import type { Condition } from '../plan/conditions.ts'
import { type Corpus, datasetCorpus, torrentCorpus } from '../plan/corpora.ts'
import { anyTerm, exclusionsOf } from '../plan/parsed-query.ts'
import type { SearchRequest } from '../plan/request.ts'
import type { SearchOutcome } from '../plan/search.ts'
import { byRelevance, type Sort } from '../plan/sorts.ts'
import { parseQuery } from '../query/query.ts'
import { supportsRequest } from './match/supports.ts'
import { searchMemory } from './search-memory.ts'
import type { RunningMemoryIndex } from './start-memory-index.ts'

type Sample = Partial<SearchRequest>

/** For each kind of condition, samples that some rows meet and others do not. */
const samples: Readonly<Record<Condition['kind'], readonly Sample[]>> = {
  word: [
    { required: [{ kind: 'word', base: baseOf(stemOf('glacier')) }] },
    { clauses: clausesOf('sea ice') },
  ],
  'any-term': [
    { required: [anyTerm(['keyword:ocean', 'keyword:flood data'])] },
    { clauses: clausesOf('title:ice') },
    { clauses: clausesOf('format:csv publisher:noaa') },
  ],
  'any-row': [{ required: [{ kind: 'any-row', ids: [2, 5, 6, 1_000_000] }] }],
  'every-row': [{}],
  phrase: [{ clauses: clausesOf('"sea ice"') }],
  'excluded-phrase': [excluding('ice -"sea ice"')],
  'excluded-word': [excluding('ice -sea')],
  'excluded-terms': [
    excluding('ice -title:ocean'),
    excluding('-format:csv'),
    excluding('-publisher:"census bureau"'),
  ],
  range: [
    { filters: [{ kind: 'range', column: 'seeders', min: 1, max: 2 }] },
    { filters: [{ kind: 'range', column: 'seeders', max: 0 }] },
    { filters: [{ kind: 'range', column: 'seeders', min: -1 }] },
    { filters: [{ kind: 'range', column: 'size', min: 15_838 }] },
  ],
  'at-least-one': (['torrents', 'seeders'] as const).flatMap((column) =>
    [true, false].map((is): Sample => ({ filters: [{ kind: 'at-least-one', column, is }] })),
  ),
  created: [
    { filters: [{ kind: 'created', from: '2026-01-06T00:00:00.100Z' }] },
    { filters: [{ kind: 'created', before: '2026-01-06T00:00:00.100Z' }] },
    { filters: [{ kind: 'created', from: '2026-01-03T00:00:00Z', before: '2026-01-09T00:00:00Z' }] },
  ],
  indexed: [{ filters: [{ kind: 'indexed', before: '2026-01-01T00:00:00Z' }] }],
  'gone-before': [{ filters: [{ kind: 'gone-before', before: '2027-05-01T12:00:00Z' }] }],
  'metainfo-status': [{ filters: [{ kind: 'metainfo-status', status: 'verified' }] }],
  webseed: [true, false].map((is): Sample => ({ filters: [{ kind: 'webseed', is }] })),
  'needs-seeders': [true, false].map((is): Sample => ({ filters: [{ kind: 'needs-seeders', is }] })),
}

/** The conditions that only torrents have. */
const ofTorrents: ReadonlySet<string> = new Set(['metainfo-status', 'webseed', 'needs-seeders'])

function clausesOf(q: string): SearchRequest['clauses'] {
  return parseQuery(q).clauses
}

function excluding(q: string): Sample {
  return { clauses: clausesOf(q), filters: exclusionsOf(clausesOf(q)) }
}

function requestOf(sample: Sample): SearchRequest {
  const sort = sample.clauses ? byRelevance : datasetCorpus.sorts.newest!
  return { clauses: [], required: [], filters: [], sort, facets: [], limit: 1_000, ...sample }
}

describe.each(testBackends())('both engines on $name', ({ open }) => {
  let searchable: SearchableInMemory
  let memory: RunningMemoryIndex
  beforeAll(async () => {
    searchable = await openSearchableInMemory(open, fill)
    memory = searchable.memory
  })
  afterAll(() => searchable[Symbol.asyncDispose]())

  const fromStore = (corpus: Corpus, request: SearchRequest) =>
    rankEveryMatch(searchable.catalog.db, {
      corpus,
      request,
      ...(corpus.name === 'dataset' && { statistics: memory.current()!.index }),
    })

  const askMemory = (corpus: Corpus, request: SearchRequest) =>
    searchMemory(searchable.catalog.db, memory, { corpus, request, correct: async () => undefined })

  /** Waits until segments are merged, since memory leaves everything to the store meanwhile. */
  const fromMemory = (corpus: Corpus, request: SearchRequest): Promise<SearchOutcome> =>
    vi.waitFor(async () => {
      const outcome = await askMemory(corpus, request)
      expect(outcome).toBeDefined()
      return outcome!
    }, 10_000)

  /** The answer, which must be the same from both. */
  async function fromBoth(corpus: Corpus, request: SearchRequest): Promise<SearchOutcome> {
    const held = withoutLabels(await fromMemory(corpus, request))
    expect(held).toEqual(withoutLabels(await fromStore(corpus, request)))
    return held
  }

  /** Every row of a listing, a few at a time. */
  async function allPages(request: SearchRequest, read: (page: SearchRequest) => Promise<SearchOutcome>) {
    const rows: SearchOutcome['rows'] = []
    for (let after: SearchRequest['after'], isFirst = true; after || isFirst; isFirst = false) {
      const outcome: SearchOutcome = await read({ ...request, after, limit: 7 })
      rows.push(...outcome.rows)
      after = outcome.next
    }
    return rows
  }

  const every = async (corpus: Corpus) => (await fromStore(corpus, requestOf({}))).hitsTotal

  test.each(Object.entries(samples))(
    'answer %s alike, or memory leaves it to the store',
    async (kind, requests) => {
      const corpus = ofTorrents.has(kind) ? torrentCorpus : datasetCorpus
      const all = await every(corpus)
      for (const request of requests.map(requestOf)) {
        if (!supportsRequest(request)) expect(await askMemory(corpus, request)).toBeUndefined()
        const ask = supportsRequest(request) ? fromBoth : fromStore
        const { hitsTotal } = await ask(corpus, { ...request, facets: corpus.facets })
        // A sample that all rows or none meet would not test the condition.
        expect(hitsTotal, JSON.stringify(request)).toBeGreaterThan(0)
        if (kind !== 'every-row') expect(hitsTotal, JSON.stringify(request)).toBeLessThan(all)
      }
    },
  )

  const sorts: [string, Sort][] = [['relevance', byRelevance], ...Object.entries(datasetCorpus.sorts)]
  test.each(sorts)('list datasets by %s alike, page by page', async (_, sort) => {
    const request = requestOf({ clauses: sort.by === 'relevance' ? clausesOf('sea ice data') : [], sort })
    const rows = await allPages(request, (page) => fromBoth(datasetCorpus, page))
    expect(rows).toEqual((await fromStore(datasetCorpus, request)).rows)
    expect(rows.length).toBeGreaterThan(20)
  })

  test('memory leaves dates that single accounts gave to the store', async () => {
    const sort: Sort = { by: 'judged-end', judges: [noaa], absent: 'infinity', descending: false }
    const request = requestOf({ sort })
    expect(await askMemory(datasetCorpus, request)).toBeUndefined()
    const rows = await allPages(request, (page) => fromStore(datasetCorpus, page))
    expect(rows).toHaveLength(await every(datasetCorpus))
  })

  test.each(Object.entries(torrentCorpus.sorts))('the store lists torrents by %s', async (_, sort) => {
    const rows = await allPages(requestOf({ sort }), (page) =>
      fromStore(torrentCorpus, { ...page, limit: 1 }),
    )
    expect(rows).toEqual((await fromStore(torrentCorpus, requestOf({ sort }))).rows)
    expect(rows).toHaveLength(3)
  })

  test.each(datasetCorpus.boosts)('raise scores alike by %j', async (boost) => {
    const request = requestOf({ clauses: clausesOf('sea ice') })
    const plain = await fromBoth({ ...datasetCorpus, boosts: [] }, request)
    const raised = await fromBoth({ ...datasetCorpus, boosts: [boost] }, request)
    const before = new Map(plain.rows.map(({ id, key }) => [id, Number(key)]))
    const gains = raised.rows.map(({ id, key }) => Math.round((100 * Number(key)) / before.get(id)!) - 100)
    expect(new Set(gains)).toEqual(new Set([0, boost.percent]))
  })

  test.each(torrentCorpus.boosts)('the store raises scores of torrents by %j', async (boost) => {
    const request = requestOf({ clauses: clausesOf('salt') })
    const keysBy = async (boosts: Corpus['boosts']) =>
      (await fromStore({ ...torrentCorpus, boosts }, request)).rows.map(({ key }) => key)
    expect(await keysBy([boost])).not.toEqual(await keysBy([]))
  })
})

function withoutLabels({ rows, next, hitsTotal, hitsEstimated, facets = [] }: SearchOutcome): SearchOutcome {
  return {
    rows,
    hitsTotal,
    hitsEstimated,
    ...(next && { next }),
    facets: facets.map(({ field, values }) => ({
      field,
      values: values
        .map(({ value, count }) => ({ value, count }))
        .toSorted((a, b) => b.count - a.count || (a.value < b.value ? -1 : 1)),
    })),
  }
}

async function fill({ catalog, commit }: Searchable): Promise<void> {
  await commit(noaa, madeDatasets(noaa, 60))
  await countSwarms(catalog.db)
  await catalog.db.execute(
    sql`UPDATE catalog.dataset SET indexed_at = '2025-01-01T00:00:00Z' WHERE id % 3 = 0`,
  )
  await putTorrent(catalog, 'few', { infoHashV1: 'a1'.repeat(20), record: { name: 'salt water' } })
  await putTorrent(catalog, 'many', { infoHashV1: 'b2'.repeat(20), record: { name: 'water salt' } })
  await putRecord(catalog, 'torrent', 'unverified', {
    name: 'salt marsh',
    infoHashV1: 'c3'.repeat(20),
    webseeds: [{ url: 'https://example.org/' }],
  })
  await catalog.db.execute(
    sql`UPDATE catalog.torrent SET seeders = CASE WHEN uri LIKE '%few' THEN 0 ELSE 50 END`,
  )
  await refreshSearchStatistics(catalog.db)
}
