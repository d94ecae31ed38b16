import { sql } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { applyBatch, type RecordOp } from '../ingest-writes.ts'
import type { Catalog } from '../open.ts'
import { testBackends } from '../test-backends.ts'
import { applyAdmissionPolicy } from '../visibility.ts'
import { type DatasetSearch, searchDatasets } from './searchDatasets.ts'
import { refreshSearchStatistics } from './statistics.ts'
import { suggest } from './suggest.ts'

const noaa = 'did:plc:noaa'
const judge = 'did:plc:judge'
const mirror = 'did:plc:mirror'
const doi = '10.5067/SEAICE'

const datasets: Record<string, Record<string, unknown>> = {
  'sea-ice': {
    title: 'Sea ice extent, monthly',
    description: 'How far the ice of both poles reaches, from passive microwave satellites.',
    publisher: { name: 'National Snow and Ice Data Center' },
    creators: [{ name: 'Florence Fetterer' }],
    keywords: [{ name: 'Cryosphere' }, { name: 'netcdf' }],
    identifiers: [{ scheme: 'doi', value: doi }],
    license: { spdx: 'CC0-1.0' },
    formats: [{ mediaType: 'application/x-netcdf' }],
    risk: { level: 'endangered', expectedGone: '2027-03' },
    sizeBytes: 2_000,
    createdAt: '2026-03-01T00:00:00Z',
  },
  glaciers: {
    title: 'Glacier inventory',
    description: 'Outlines of glaciers. The sea is not included, nor is ice on lakes.',
    publisher: { name: 'NOAA' },
    keywords: [{ name: 'Cryosphere' }],
    sizeBytes: 5_000,
    createdAt: '2026-02-01T00:00:00Z',
  },
  goes: {
    title: 'GOES-16 radiances',
    description:
      'Données météorologiques of the American satellites, with notes on sea surface and on clouds of ice.',
    publisher: { name: 'NOAA' },
    keywords: [{ name: 'Weather' }],
    risk: { level: 'watchlist' },
    createdAt: '2026-01-01T00:00:00Z',
  },
  census: {
    title: 'Census of population',
    description: 'Counts by county.',
    createdAt: '2026-01-15T00:00:00Z',
  },
}

describe.each(testBackends())('searchDatasets on $name', ({ open }) => {
  let catalog: Catalog
  let revision = 0
  const commit = (did: string, ops: RecordOp[]) =>
    applyBatch(catalog.db, {
      commits: [{ did, rev: `3l${String(++revision).padStart(11, '0')}`, dataCid: 'd', ops }],
    })
  const find = async (search: DatasetSearch | string) => {
    const found = await searchDatasets(catalog.db, typeof search === 'string' ? { q: search } : search)
    return found.hits.map((hit) => hit.uri.replace('at://did:plc:', '').replace('/dataset/', ' '))
  }

  beforeAll(async () => {
    catalog = await open()
    await applyAdmissionPolicy(catalog.db, 'open')
    await applyBatch(catalog.db, {
      accounts: [
        { did: noaa, handle: 'noaa.example.gov' },
        { did: judge, handle: 'judge.example.org' },
      ],
    })
    await commit(
      noaa,
      Object.entries(datasets).map(([rkey, value]) => put('dataset', noaa, rkey, value)),
    )
    await refreshSearchStatistics(catalog.db)
  })
  afterAll(() => catalog[Symbol.asyncDispose]())

  test('the title counts for more than the description', async () => {
    expect((await find('sea ice'))[0]).toBe('noaa sea-ice')
    expect(await find('sea ice')).toHaveLength(3)
  })

  test('words in any form, case and accent', async () => {
    expect(await find('GLACIERS')).toEqual(['noaa glaciers'])
    expect(await find('glacier')).toEqual(['noaa glaciers'])
    expect(await find('donnees meteorologiques')).toEqual(['noaa goes'])
    expect(await find('goes16')).toEqual(['noaa goes'])
    expect((await find('goes-16'))[0]).toBe('noaa goes')
  })

  test('phrases, exclusions and fields', async () => {
    expect(await find('"sea ice"')).toEqual(['noaa sea-ice'])
    expect(await find('ice -"sea ice"')).not.toContain('noaa sea-ice')
    expect(await find('ice -satellites')).toEqual(['noaa glaciers'])
    expect(await find('-ice')).toEqual(['noaa census'])
    expect(await find('publisher:noaa')).toEqual(['noaa glaciers', 'noaa goes'])
    expect(await find('publisher:"snow and ice"')).toEqual(['noaa sea-ice'])
    expect(await find('title:glacier')).toEqual(['noaa glaciers'])
    expect(await find('creator:fetterer')).toEqual(['noaa sea-ice'])
    expect(await find('risk:endangered format:netcdf ice')).toEqual(['noaa sea-ice'])
    expect(await find('ice -risk:endangered -risk:watchlist')).toEqual(['noaa glaciers'])
    expect(await find('author:noaa.example.gov census')).toEqual(['noaa census'])
    expect(await find('ice has:torrent')).toEqual([])
    await expect(find('has:cheese')).rejects.toMatchObject({ error: 'InvalidQuery' })
  })

  test('records with most of the words, where none has all', async () => {
    expect((await find('monthly ice extent of narnia'))[0]).toBe('noaa sea-ice')
  })

  test('a word nobody uses is corrected, and the answer says so', async () => {
    const found = await searchDatasets(catalog.db, { q: 'glaicer' })
    expect(found).toMatchObject({ correctedFrom: 'glaicer', matched: 'glacier', hitsTotal: 1 })
    expect((await searchDatasets(catalog.db, { q: 'xylophone' })).hits).toEqual([])
  })

  test('identifiers lead straight to what they name', async () => {
    const uri = `at://${noaa}/dataset/census`
    for (const q of [uri, 'at://noaa.example.gov/dataset/census']) {
      expect(await searchDatasets(catalog.db, { q })).toMatchObject({
        direct: { kind: 'at-uri', uri },
        hits: [{ uri }],
        hitsTotal: 1,
      })
    }
    expect(await searchDatasets(catalog.db, { q: `https://doi.org/${doi.toLowerCase()}` })).toMatchObject({
      direct: { kind: 'doi', value: doi.toLowerCase() },
      hits: [{ uri: `at://${noaa}/dataset/sea-ice` }],
    })
    expect(await searchDatasets(catalog.db, { q: '@noaa.example.gov' })).toMatchObject({
      direct: { kind: 'handle', did: noaa },
      hitsTotal: 4,
    })
    expect(await searchDatasets(catalog.db, { q: noaa })).toMatchObject({
      direct: { kind: 'did' },
      hitsTotal: 4,
    })
    expect(await searchDatasets(catalog.db, { q: 'a'.repeat(40) })).toMatchObject({
      direct: { kind: 'infohash' },
      hits: [],
    })
  })

  test('filters', async () => {
    expect(await find({ publisher: 'noaa' })).toEqual(['noaa glaciers', 'noaa goes'])
    expect(await find({ keyword: ['cryosphere'], license: 'cc0-1.0' })).toEqual(['noaa sea-ice'])
    expect(await find({ risk: ['watchlist', 'endangered'] })).toEqual(['noaa sea-ice', 'noaa goes'])
    expect(await find({ format: 'netcdf' })).toEqual(['noaa sea-ice'])
    expect(await find({ minSizeBytes: 2_001 })).toEqual(['noaa glaciers'])
    expect(
      await find({ createdAfter: '2026-01-15T00:00:00Z', createdBefore: '2026-03-01T00:00:00Z' }),
    ).toEqual(['noaa glaciers', 'noaa census'])
    expect(await find({ goneBefore: '2028-01-01T00:00:00Z' })).toEqual(['noaa sea-ice'])
    expect(await find({ hasTorrent: true })).toEqual([])
    expect(await find({ author: 'noaa.example.gov', q: 'census' })).toEqual(['noaa census'])
    await expect(find({ author: 'nobody.example.org' })).rejects.toMatchObject({ error: 'AuthorNotFound' })
  })

  test('sorts', async () => {
    expect(await find({})).toEqual(['noaa sea-ice', 'noaa glaciers', 'noaa census', 'noaa goes'])
    expect((await find({ sort: 'largest' })).slice(0, 2)).toEqual(['noaa glaciers', 'noaa sea-ice'])
    expect((await find({ sort: 'smallest', q: 'ice' }))[0]).toBe('noaa sea-ice')
    expect((await find({ sort: 'risk-deadline' }))[0]).toBe('noaa sea-ice')
    expect(await find({ sort: 'fewest-seeders' })).toHaveLength(4)
    await expect(find({ sort: 'best' })).rejects.toMatchObject({ error: 'InvalidQuery' })
  })

  test('facets count cards by value', async () => {
    const found = await searchDatasets(catalog.db, {
      q: 'ice',
      facets: ['publisher', 'risk', 'keyword', 'hasTorrent', 'unheard-of'],
    })
    expect(found).toMatchObject({ hitsTotal: 3, hitsEstimated: false })
    expect(found.facets).toEqual([
      {
        field: 'publisher',
        values: [
          { value: 'NOAA', count: 2 },
          { value: 'National Snow and Ice Data Center', count: 1 },
        ],
      },
      { field: 'risk', values: ['endangered', 'unknown', 'watchlist'].map((value) => ({ value, count: 1 })) },
      {
        field: 'keyword',
        values: [
          { value: 'cryosphere', label: 'Cryosphere', count: 2 },
          { value: 'netcdf', count: 1 },
          { value: 'weather', label: 'Weather', count: 1 },
        ],
      },
      { field: 'hasTorrent', values: [{ value: 'false', count: 3 }] },
    ])
  })

  test.each(['relevance', 'newest', 'risk-deadline', 'fewest-seeders', 'largest', 'smallest'])(
    'pages by %s hold everything once',
    async (sort) => {
      for (const q of ['ice', undefined]) {
        const whole = await find({ q, sort })
        const paged: string[] = []
        let cursor: string | undefined
        do {
          const page = await searchDatasets(catalog.db, { q, sort, limit: 1, cursor })
          paged.push(
            ...page.hits.map((hit) => hit.uri.replace('at://did:plc:', '').replace('/dataset/', ' ')),
          )
          cursor = page.cursor
        } while (cursor)
        expect(paged).toEqual(whole)
      }
    },
  )

  test('a page goes on where it stopped though records and statistics are new', async () => {
    const first = await searchDatasets(catalog.db, { q: 'ice', limit: 1 })
    const second = await searchDatasets(catalog.db, { q: 'ice', limit: 1, cursor: first.cursor })
    await commit(noaa, [
      put('dataset', noaa, 'late', { title: 'Ice, ice, ice', createdAt: '2026-04-01T00:00:00Z' }),
    ])
    await refreshSearchStatistics(catalog.db)
    expect((await searchDatasets(catalog.db, { q: 'ice', limit: 1, cursor: first.cursor })).hits).toEqual(
      second.hits,
    )
    await commit(noaa, [{ action: 'delete', uri: `at://${noaa}/dataset/late` }])
  })

  test.each(['', 'x', 'W10', '%%%', '\0', Buffer.from('["datasets",1]').toString('base64url')])(
    'cursor %j is refused by name',
    async (cursor) => {
      await expect(searchDatasets(catalog.db, { q: 'ice', cursor })).rejects.toMatchObject({
        error: 'InvalidCursor',
      })
    },
  )

  test('the cursor of one search is refused by another', async () => {
    const { cursor } = await searchDatasets(catalog.db, { q: 'ice', limit: 1 })
    await expect(searchDatasets(catalog.db, { q: 'sea', limit: 1, cursor })).rejects.toMatchObject({
      error: 'InvalidCursor',
    })
  })

  test('describers of one body of data are one card, also across pages', async () => {
    await commit(mirror, [
      put('dataset', mirror, 'copy', {
        title: 'Mirror',
        identifiers: [{ scheme: 'doi', value: doi }],
        createdAt: '2026-02-15T00:00:00Z',
      }),
    ])
    expect(await find({})).toEqual(['noaa sea-ice', 'noaa glaciers', 'noaa census', 'noaa goes'])
    expect(await find('mirror')).toEqual(['mirror copy'])
    expect((await searchDatasets(catalog.db, {})).hitsTotal).toBe(4)
    await applyBatch(catalog.db, { accounts: [{ did: noaa, active: false, status: 'deactivated' }] })
    expect(await find({})).toEqual(['mirror copy'])
    expect(await suggest(catalog.db, 'gla')).toEqual([])
    await applyBatch(catalog.db, { accounts: [{ did: noaa, active: true }] })
    expect(await find({})).toHaveLength(4)
    await commit(mirror, [{ action: 'delete', uri: `at://${mirror}/dataset/copy` }])
  })

  test('judgements by anyone filter and sort, or only by those one names', async () => {
    const uri = `at://${judge}/assessment/1`
    await commit(judge, [
      put('assessment', judge, '1', {
        subject: { uri: `at://${noaa}/dataset/census` },
        risk: { level: 'extinct', expectedGone: '2026-12' },
        assessedAt: '2026-04-01T00:00:00Z',
      }),
      put('assessment', judge, '2', {
        subject: { identifiers: [{ scheme: 'doi', value: doi }] },
        risk: { level: 'takedown-issued' },
      }),
    ])
    expect(await find({ risk: ['extinct'] })).toEqual(['noaa census'])
    expect(await find('risk:takedown-issued')).toEqual(['noaa sea-ice'])
    expect((await find({ sort: 'risk-deadline' })).slice(0, 2)).toEqual(['noaa census', 'noaa sea-ice'])
    expect(await find({ risk: ['endangered'], assessedBy: [judge] })).toEqual([])
    expect(
      await find({ risk: ['extinct'], assessedBy: ['judge.example.org'], sort: 'risk-deadline' }),
    ).toEqual(['noaa census'])
    expect(await find({ risk: ['extinct'], assessedBy: [noaa] })).toEqual([])
    await applyBatch(catalog.db, { accounts: [{ did: judge, active: false, status: 'suspended' }] })
    expect(await find({ risk: ['extinct'] })).toEqual([])
    await applyBatch(catalog.db, { accounts: [{ did: judge, active: true }] })
    expect(await find({ risk: ['extinct'] })).toEqual(['noaa census'])
    await commit(judge, [
      { action: 'delete', uri },
      { action: 'delete', uri: `at://${judge}/assessment/2` },
    ])
    expect(await find({ risk: ['extinct', 'takedown-issued'] })).toEqual([])
  })

  test('completions lead somewhere', async () => {
    expect(await suggest(catalog.db, 'cryo')).toMatchObject([
      { kind: 'keyword', text: 'Cryosphere', count: 2 },
    ])
    expect(await suggest(catalog.db, 'national s')).toMatchObject([
      { kind: 'publisher', text: 'National Snow and Ice Data Center' },
    ])
    expect(await suggest(catalog.db, 'floren')).toMatchObject([{ kind: 'person', text: 'Florence Fetterer' }])
    expect(await suggest(catalog.db, 'sea ic')).toMatchObject([
      { kind: 'dataset', text: 'Sea ice extent, monthly' },
    ])
    expect(await suggest(catalog.db, 'noa')).toMatchObject([
      { kind: 'publisher', text: 'NOAA' },
      { kind: 'author', did: noaa },
    ])
    for (const q of ['', ' ', '"', '%', '\0', "'; DROP", '-', 'x'.repeat(1000)])
      expect(await suggest(catalog.db, q)).toEqual([])
  })

  test('hostile queries give a page or a name, never a fault', async () => {
    const parts = [
      '"',
      '-',
      ':',
      'ice',
      'title:',
      'risk:',
      "';--",
      '\\',
      '$1',
      '%',
      '\0',
      '\ud800',
      '(',
      '[a-z]*',
      '&',
      '|',
      '!',
      '<->',
      'author:did:plc:',
      'at://',
      'doi:10.',
      'magnet:?xt=',
      '1'.repeat(40),
    ]
    for (let seed = 1; seed <= 60; seed++) {
      const q = Array.from(
        { length: 1 + (seed % 9) },
        (_, i) => parts[(seed * 7 + i * (seed + 3)) % parts.length],
      ).join(seed % 2 ? ' ' : '')
      await find({ q }).catch((error) => expect(error).toMatchObject({ name: 'SearchError' }))
    }
    const absurd = {
      minSizeBytes: Number.MAX_SAFE_INTEGER,
      maxSeeders: 0,
      createdAfter: '9999-12-31T23:59:59Z',
      goneBefore: '0001-01-01T00:00:00Z',
      limit: 100,
    }
    expect(await find({ ...absurd, q: 'ice' })).toEqual([])
    await expect(find({ minSizeBytes: 1.5 })).rejects.toMatchObject({ error: 'InvalidQuery' })
    await expect(find({ createdAfter: 'yesterday' })).rejects.toMatchObject({ error: 'InvalidQuery' })
  })

  test('no plan reads the whole table', async () => {
    const [row] = (await catalog.db
      .execute(sql`SELECT count(*)::int AS n FROM pg_indexes WHERE indexname IN ('dataset_codes', 'torrent_codes')
      AND indexdef LIKE '%gin%visible)::integer = 1%'`)
      .then((result) =>
        Array.isArray(result) ? result : (result as unknown as { rows: unknown[] }).rows,
      )) as { n: number }[]
    expect(row?.n).toBe(2)
  })
})

function put(kind: string, did: string, rkey: string, value: Record<string, unknown>): RecordOp {
  return {
    action: 'put',
    uri: `at://${did}/${kind}/${rkey}`,
    kind,
    cid: `cid-${rkey}`,
    value: { createdAt: '2026-01-01T00:00:00Z', ...value },
  }
}
