import { testBackends } from '@holdfast/appview/testing/backends'
import type { searchDatasets } from '@holdfast/lexicons'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { query } from '../system/xrpc.ts'
import { type IndexUnderTest, startIndex } from './index-under-test.ts'

const alice = 'did:plc:aaaaaaaaaaaaaaaaaaaaaaaa'
const bob = 'did:plc:bbbbbbbbbbbbbbbbbbbbbbbb'

describe.each(testBackends())('the answer of a search, on $name', ({ open }) => {
  let index: IndexUnderTest
  beforeAll(async () => {
    index = await startIndex({ open })
    await index.apply({ accounts: [{ did: alice, handle: 'alice.example.org' }] })
    const description = `${'Nothing of note. '.repeat(60)}Sea **ice** of [both poles](https://example.org), by satellite.`
    const keywords = [{ name: 'Sea Ice' }, { name: 'climate' }]
    await index.write(alice, [
      { put: 'dataset', rkey: 'ice', record: { title: 'Extent', description, keywords } },
      { put: 'dataset', rkey: 'snow', record: { title: 'Ice and snow', keywords } },
    ])
    await index.write(bob, [{ put: 'dataset', rkey: 'lakes', record: { title: 'Lake ice', keywords } }])
  })
  afterAll(() => index[Symbol.asyncDispose]())
  const search = (params: Record<string, string | string[]>) =>
    query<searchDatasets.$OutputBody>(index.url, 'searchDatasets', params)

  test('has the part of a description with the words, as plain text', async () => {
    const { datasets } = await search({ q: 'poles ice' })
    const [extent, ...others] = datasets.toSorted((a, b) => a.uri.localeCompare(b.uri))
    expect(extent?.snippet).toMatch(/^…\S.*Sea ice of both poles, by satellite\.$/)
    for (const other of others) expect(other).not.toHaveProperty('snippet')
    expect((await search({ keyword: 'climate' })).datasets[0]).not.toHaveProperty('snippet')
  })

  test('has labels for facet values that need them', async () => {
    const { facets } = await search({ q: 'ice', facets: ['author', 'keyword', 'risk'] })
    expect(facets).toMatchObject([
      {
        field: 'author',
        values: [
          { value: alice, label: 'alice.example.org', count: 2 },
          { value: bob, count: 1 },
        ],
      },
      {
        field: 'keyword',
        values: [
          { value: 'climate', count: 3 },
          { value: 'sea ice', label: 'Sea Ice', count: 3 },
        ],
      },
      { field: 'risk', values: [{ value: 'unknown', count: 3 }] },
    ])
    const [authors, keywords] = facets ?? []
    expect(authors?.values[1]).not.toHaveProperty('label')
    expect(keywords?.values[0]).not.toHaveProperty('label')
    expect((await search({ keyword: ['sea ice'] })).hitsTotal).toBe(3)
  })

  test('was never caused by a fault of ours', () => expect(index.takeFaults()).toEqual([]))
})
