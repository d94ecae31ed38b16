import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { testBackends } from '../../testing/backends.ts'
import { doi, mirror, noaa, openSearchable, put, type Searchable, shortOf } from '../../testing/datasets.ts'
import { applyBatch } from '../catalog/apply-batch.ts'
import { refreshSearchStatistics } from '../search-terms/statistics.ts'
import { searchDatasets } from './datasets.ts'
import { suggest } from './suggest.ts'

describe.each(testBackends())('pages of searchDatasets on $name', ({ open }) => {
  let searchable: Searchable
  beforeAll(async () => {
    searchable = await openSearchable(open)
  })
  afterAll(() => searchable[Symbol.asyncDispose]())

  test.each(['relevance', 'newest', 'expected-gone', 'fewest-seeders', 'largest', 'smallest'])(
    'the pages by %s list every record once',
    async (sort) => {
      for (const q of ['ice', undefined]) {
        const whole = await searchable.find({ q, sort })
        const paged: string[] = []
        let cursor: string | undefined
        do {
          const page = await searchDatasets(searchable.catalog.db, { q, sort, limit: 1, cursor })
          paged.push(...page.hits.map(({ uri }) => shortOf(uri)))
          cursor = page.cursor
        } while (cursor)
        expect(paged).toEqual(whole)
      }
    },
  )

  test('continues after a page although records and statistics have changed', async () => {
    const first = await searchDatasets(searchable.catalog.db, { q: 'ice', limit: 1 })
    const second = await searchDatasets(searchable.catalog.db, { q: 'ice', limit: 1, cursor: first.cursor })
    await searchable.commit(noaa, [
      put('dataset', noaa, 'late', { title: 'Ice, ice, ice', createdAt: '2026-04-01T00:00:00Z' }),
    ])
    await refreshSearchStatistics(searchable.catalog.db)
    expect(
      (await searchDatasets(searchable.catalog.db, { q: 'ice', limit: 1, cursor: first.cursor })).hits,
    ).toEqual(second.hits)
    await searchable.commit(noaa, [{ action: 'delete', uri: `at://${noaa}/dataset/late` }])
  })

  test.each(['', 'x', 'W10', '%%%', '\0', Buffer.from('["datasets",1]').toString('base64url')])(
    'refuses the cursor %j with InvalidCursor',
    async (cursor) => {
      await expect(searchDatasets(searchable.catalog.db, { q: 'ice', cursor })).rejects.toMatchObject({
        error: 'InvalidCursor',
      })
    },
  )

  test('refuses the cursor of another search', async () => {
    const { cursor } = await searchDatasets(searchable.catalog.db, { q: 'ice', limit: 1 })
    await expect(searchDatasets(searchable.catalog.db, { q: 'sea', limit: 1, cursor })).rejects.toMatchObject(
      {
        error: 'InvalidCursor',
      },
    )
  })

  test('records that describe the same data share a card, also across pages', async () => {
    await searchable.commit(mirror, [
      put('dataset', mirror, 'copy', {
        title: 'Mirror',
        identifiers: [{ scheme: 'doi', value: doi }],
        createdAt: '2026-02-15T00:00:00Z',
      }),
    ])
    expect(await searchable.find({})).toEqual(['noaa sea-ice', 'noaa glaciers', 'noaa census', 'noaa goes'])
    expect(await searchable.find('mirror')).toEqual(['mirror copy'])
    expect((await searchDatasets(searchable.catalog.db, {})).hitsTotal).toBe(4)
    await applyBatch(searchable.catalog.db, {
      accounts: [{ did: noaa, active: false, status: 'deactivated' }],
    })
    expect(await searchable.find({})).toEqual(['mirror copy'])
    expect((await suggest(searchable.catalog.db, 'gla')).suggestions).toEqual([])
    await applyBatch(searchable.catalog.db, { accounts: [{ did: noaa, active: true }] })
    expect(await searchable.find({})).toHaveLength(4)
    await searchable.commit(mirror, [{ action: 'delete', uri: `at://${mirror}/dataset/copy` }])
  })
})
