import { testBackends } from '@holdfast/appview/testing/backends'
import type { getDataset, listDatasets, searchDatasets } from '@holdfast/lexicons'
import { collections, methods } from '@holdfast/lexicons/nsid'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { query } from '../system/xrpc.ts'
import { cidOf, createdAt, type IndexUnderTest, startIndex, uriOf } from './index-under-test.ts'

const alice = 'did:plc:aaaaaaaaaaaaaaaaaaaaaaaa'
const rkeys = ['a', 'b', 'c', 'd', 'e']
const uris = rkeys.map((rkey) => uriOf(alice, 'dataset', rkey))

describe.each(testBackends())('pages of large records, on $name', ({ open }) => {
  let index: IndexUnderTest
  beforeAll(async () => {
    index = await startIndex({ open })
    const large = 'x'.repeat(400_000)
    const put = (kind: 'dataset' | 'assessment', rkey: string, value: Record<string, unknown>) => ({
      ...{ action: 'put' as const, kind, uri: uriOf(alice, kind, rkey), cid: cidOf(rkey) },
      value: { $type: collections[kind], createdAt, ...value },
      sizeBytes: JSON.stringify(value).length,
    })
    const datasets = rkeys.map((rkey) => put('dataset', rkey, { title: `Ice ${rkey}`, large }))
    const subject = { uri: uris[0] }
    const assessments = [
      put('assessment', '3kaaaaaaaaaa2', { subject, note: 'small', assessedAt: createdAt }),
      put('assessment', '3kaaaaaaaaaa3', { subject, note: large, assessedAt: createdAt }),
    ]
    const ops = [...datasets, ...assessments]
    await index.apply({ commits: [{ did: alice, rev: '3m00000000001', dataCid: cidOf('data'), ops }] })
  })
  afterAll(() => index[Symbol.asyncDispose]())

  test.each([
    ['searchDatasets', { q: 'ice' }],
    ['listDatasets', { author: alice }],
  ] as const)('%s answers fewer at once, and all of them by the cursor', async (method, params) => {
    const seen: string[] = []
    let cursor: string | undefined
    do {
      const page: listDatasets.$OutputBody | searchDatasets.$OutputBody = await query(index.url, method, {
        ...{ ...params, limit: '100' },
        ...(cursor && { cursor }),
      })
      expect(page.datasets.length).toBeLessThanOrEqual(2)
      seen.push(...page.datasets.map(({ uri }) => uri))
      cursor = page.cursor
    } while (cursor)
    expect(seen.toSorted()).toEqual(uris)
  })

  test('getDatasets says when it is asked for too much at once', async () => {
    const ask = (asked: readonly string[]) =>
      fetch(
        `${index.url}/xrpc/${methods.getDatasets}?${new URLSearchParams(asked.map((uri): [string, string] => ['uris', uri]))}`,
      )
    expect((await ask(uris.slice(0, 3))).status).toBe(200)
    const refused = await ask(uris)
    expect(refused.status).toBe(400)
    expect(await refused.json()).toMatchObject({ message: expect.stringContaining('fewer') })
  })

  test('a list shows small assessments and counts all', async () => {
    const page = await query<searchDatasets.$OutputBody>(index.url, 'searchDatasets', { q: '"ice a"' })
    const dataset = page.datasets.find(({ uri }) => uri === uris[0])
    expect(dataset?.counts?.assessments).toBe(2)
    expect(dataset?.assessments).toMatchObject([{ record: { note: 'small' } }])
    const whole = await query<getDataset.$OutputBody>(index.url, 'getDataset', { uri: uris[0]! })
    expect(whole.dataset.assessments).toHaveLength(2)
  })
})
