import { sql } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { testBackends } from '../../testing/backends.ts'
import { doi, noaa, openSearchable, type Searchable } from '../../testing/datasets.ts'
import { searchDatasets } from './datasets.ts'

describe.each(testBackends())('searchDatasets on $name', ({ open }) => {
  let searchable: Searchable
  beforeAll(async () => {
    searchable = await openSearchable(open)
  })
  afterAll(() => searchable[Symbol.asyncDispose]())

  test('a word in the title counts more than one in the description', async () => {
    expect((await searchable.find('sea ice'))[0]).toBe('noaa sea-ice')
    expect(await searchable.find('sea ice')).toHaveLength(3)
  })

  test('finds words in any form and case, with or without accents', async () => {
    expect(await searchable.find('GLACIERS')).toEqual(['noaa glaciers'])
    expect(await searchable.find('glacier')).toEqual(['noaa glaciers'])
    expect(await searchable.find('donnees meteorologiques')).toEqual(['noaa goes'])
    expect(await searchable.find('goes16')).toEqual(['noaa goes'])
    expect((await searchable.find('goes-16'))[0]).toBe('noaa goes')
  })

  test('searches by phrases, exclusions and fields', async () => {
    expect(await searchable.find('"sea ice"')).toEqual(['noaa sea-ice'])
    // Stop words are not indexed, but a phrase of them is found in the text.
    expect(await searchable.find('"of the"')).toEqual(['noaa goes'])
    expect(await searchable.find('ice -"sea ice"')).not.toContain('noaa sea-ice')
    expect(await searchable.find('ice -satellites')).toEqual(['noaa glaciers'])
    expect(await searchable.find('-ice')).toEqual(['noaa census'])
    expect(await searchable.find('publisher:noaa')).toEqual(['noaa glaciers', 'noaa goes'])
    expect(await searchable.find('publisher:"snow and ice"')).toEqual(['noaa sea-ice'])
    expect(await searchable.find('title:glacier')).toEqual(['noaa glaciers'])
    expect(await searchable.find('creator:fetterer')).toEqual(['noaa sea-ice'])
    expect(await searchable.find('risk:endangered format:netcdf ice')).toEqual(['noaa sea-ice'])
    expect(await searchable.find('ice -risk:endangered -risk:watchlist')).toEqual(['noaa glaciers'])
    expect(await searchable.find('author:noaa.example.gov census')).toEqual(['noaa census'])
    expect(await searchable.find('ice has:torrent')).toEqual([])
    await expect(searchable.find('has:cheese')).rejects.toMatchObject({ error: 'InvalidQuery' })
  })

  test('if no record has all words, finds those with most of them', async () => {
    expect((await searchable.find('monthly ice extent of narnia'))[0]).toBe('noaa sea-ice')
  })

  test('corrects a word that no record has, and says so', async () => {
    const found = await searchDatasets(searchable.catalog.db, { q: 'glaicer' })
    expect(found).toMatchObject({ typedQuery: 'glaicer', searchedQuery: 'glacier', hitsTotal: 1 })
    expect((await searchDatasets(searchable.catalog.db, { q: 'xylophone' })).hits).toEqual([])
  })

  test('an identifier finds the records that it names', async () => {
    const uri = `at://${noaa}/dataset/census`
    for (const q of [uri, 'at://noaa.example.gov/dataset/census']) {
      expect(await searchDatasets(searchable.catalog.db, { q })).toMatchObject({
        recognizedIdentifier: { kind: 'at-uri', uri },
        hits: [{ uri }],
        hitsTotal: 1,
      })
    }
    expect(
      await searchDatasets(searchable.catalog.db, { q: `https://doi.org/${doi.toLowerCase()}` }),
    ).toMatchObject({
      recognizedIdentifier: { kind: 'doi', value: doi.toLowerCase() },
      hits: [{ uri: `at://${noaa}/dataset/sea-ice` }],
    })
    expect(await searchDatasets(searchable.catalog.db, { q: '@noaa.example.gov' })).toMatchObject({
      recognizedIdentifier: { kind: 'handle', did: noaa },
      hitsTotal: 4,
    })
    expect(await searchDatasets(searchable.catalog.db, { q: noaa })).toMatchObject({
      recognizedIdentifier: { kind: 'did' },
      hitsTotal: 4,
    })
    expect(await searchDatasets(searchable.catalog.db, { q: 'a'.repeat(40) })).toMatchObject({
      recognizedIdentifier: { kind: 'infohash' },
      hits: [],
    })
  })

  test('filters by every parameter', async () => {
    expect(await searchable.find({ publisher: 'noaa' })).toEqual(['noaa glaciers', 'noaa goes'])
    expect(await searchable.find({ keyword: ['cryosphere'], license: 'cc0-1.0' })).toEqual(['noaa sea-ice'])
    expect(await searchable.find({ risk: ['watchlist', 'endangered'] })).toEqual([
      'noaa sea-ice',
      'noaa goes',
    ])
    expect(await searchable.find({ format: 'netcdf' })).toEqual(['noaa sea-ice'])
    expect(await searchable.find({ minSizeBytes: 2_001 })).toEqual(['noaa glaciers'])
    expect(
      await searchable.find({ createdAfter: '2026-01-15T00:00:00Z', createdBefore: '2026-03-01T00:00:00Z' }),
    ).toEqual(['noaa glaciers', 'noaa census'])
    expect(await searchable.find({ goneBefore: '2028-01-01T00:00:00Z' })).toEqual(['noaa sea-ice'])
    expect(await searchable.find({ hasTorrent: true })).toEqual([])
    expect(await searchable.find({ author: 'noaa.example.gov', q: 'census' })).toEqual(['noaa census'])
    await expect(searchable.find({ author: 'nobody.example.org' })).rejects.toMatchObject({
      error: 'AuthorNotFound',
    })
  })

  test('sorts by every order', async () => {
    expect(await searchable.find({})).toEqual(['noaa sea-ice', 'noaa glaciers', 'noaa census', 'noaa goes'])
    expect((await searchable.find({ sort: 'largest' })).slice(0, 2)).toEqual([
      'noaa glaciers',
      'noaa sea-ice',
    ])
    expect((await searchable.find({ sort: 'smallest', q: 'ice' }))[0]).toBe('noaa sea-ice')
    expect((await searchable.find({ sort: 'expected-gone' }))[0]).toBe('noaa sea-ice')
    expect(await searchable.find({ sort: 'fewest-seeders' })).toHaveLength(4)
    await expect(searchable.find({ sort: 'best' })).rejects.toMatchObject({ error: 'InvalidQuery' })
  })

  test('facets count cards by value', async () => {
    const found = await searchDatasets(searchable.catalog.db, {
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

  test('answers hostile queries with a page or a named error', async () => {
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
      await searchable.find({ q }).catch((error) => expect(error).toMatchObject({ name: 'SearchError' }))
    }
    const absurd = {
      minSizeBytes: Number.MAX_SAFE_INTEGER,
      maxSeeders: 0,
      createdAfter: '9999-12-31T23:59:59Z',
      goneBefore: '0001-01-01T00:00:00Z',
      limit: 100,
    }
    expect(await searchable.find({ ...absurd, q: 'ice' })).toEqual([])
    await expect(searchable.find({ minSizeBytes: 1.5 })).rejects.toMatchObject({ error: 'InvalidQuery' })
    await expect(searchable.find({ createdAfter: 'yesterday' })).rejects.toMatchObject({
      error: 'InvalidQuery',
    })
  })

  test('no query plan reads the whole table', async () => {
    const [row] = (await searchable.catalog.db
      .execute(sql`SELECT count(*)::int AS n FROM pg_indexes WHERE indexname IN ('dataset_codes', 'torrent_codes')
      AND indexdef LIKE '%gin%visible)::integer = 1%'`)
      .then((result) =>
        Array.isArray(result) ? result : (result as unknown as { rows: unknown[] }).rows,
      )) as { n: number }[]
    expect(row?.n).toBe(2)
  })
})
