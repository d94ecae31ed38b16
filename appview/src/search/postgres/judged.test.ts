import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { testBackends } from '../../../testing/backends.ts'
import { doi, judge, noaa, openSearchable, put, type Searchable } from '../../../testing/datasets.ts'
import { applyBatch } from '../../catalog/apply-batch.ts'

describe.each(testBackends())('searchDatasets by assessments on $name', ({ open }) => {
  let searchable: Searchable
  beforeAll(async () => {
    searchable = await openSearchable(open)
  })
  afterAll(() => searchable[Symbol.asyncDispose]())

  test('filters and sorts by everybody’s assessments, or by those of named accounts', async () => {
    const uri = `at://${judge}/assessment/1`
    await searchable.commit(judge, [
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
    expect(await searchable.find({ risk: ['extinct'] })).toEqual(['noaa census'])
    expect(await searchable.find('risk:takedown-issued')).toEqual(['noaa sea-ice'])
    expect((await searchable.find({ sort: 'expected-gone' })).slice(0, 2)).toEqual([
      'noaa census',
      'noaa sea-ice',
    ])
    expect(await searchable.find({ risk: ['endangered'], assessedBy: [judge] })).toEqual([])
    expect(
      await searchable.find({ risk: ['extinct'], assessedBy: ['judge.example.org'], sort: 'expected-gone' }),
    ).toEqual(['noaa census'])
    expect(await searchable.find({ risk: ['extinct'], assessedBy: [noaa] })).toEqual([])
    await applyBatch(searchable.catalog.db, {
      accounts: [{ did: judge, active: false, status: 'suspended' }],
    })
    expect(await searchable.find({ risk: ['extinct'] })).toEqual([])
    await applyBatch(searchable.catalog.db, { accounts: [{ did: judge, active: true }] })
    expect(await searchable.find({ risk: ['extinct'] })).toEqual(['noaa census'])
    await searchable.commit(judge, [
      { action: 'delete', uri },
      { action: 'delete', uri: `at://${judge}/assessment/2` },
    ])
    expect(await searchable.find({ risk: ['extinct', 'takedown-issued'] })).toEqual([])
  })
})
