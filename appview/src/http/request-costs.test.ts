import { methods } from '@holdfast/lexicons/nsid'
import { expect, test } from 'vitest'
import { costOf } from './request-costs.ts'

test.each([
  '/search/health',
  `/xrpc/health.${methods.searchDatasets}`,
  '/keyword/typeahead',
  '/keyword/metrics',
  '/dataset/did:plc:x/health',
  '/torznab/api',
  '/xrpc/_health/x',
  '/typeahead',
  `/xrpc/${methods.searchDatasetsTypeahead}`,
  '/',
  '//',
  '/no/such/thing',
])('%s has a cost', (path) => {
  expect(costOf(path)).toBeGreaterThan(0)
})

test('a search costs more than a page', () => {
  expect(costOf('/search')).toBeGreaterThan(costOf('/about'))
  expect(costOf(`/xrpc/${methods.searchDatasets}`)).toBeGreaterThan(costOf(`/xrpc/${methods.getDataset}`))
})

test('completions cost more than a page, under either route', () => {
  expect(costOf('/typeahead')).toBeGreaterThan(costOf('/about'))
  expect(costOf(`/xrpc/${methods.searchDatasetsTypeahead}`)).toBe(costOf('/typeahead'))
})

test('the description of the whole API costs more than that of one method', () => {
  expect(costOf('/openapi.json')).toBeGreaterThan(costOf(`/lexicons/${methods.getDataset}.json`))
})

test('a method costs the same under every authority', () => {
  expect(costOf('/xrpc/net.example.data.getMetainfo')).toBe(costOf(`/xrpc/${methods.getMetainfo}`))
})

test.each(['/OAI', '/oai/', '/Torznab/API//', '/feeds/datasets.RSS', '/SEARCH'])(
  '%s costs the same as in its usual spelling',
  (path) => {
    expect(costOf(path)).toBe(costOf(path.toLowerCase().replace(/\/+$/, '')))
    expect(costOf(path)).toBeGreaterThan(1)
  },
)

test('the name of an expensive route elsewhere in a path costs nothing', () => {
  expect(costOf('/torrent/search')).toBe(1)
  expect(costOf('/about/oai')).toBe(1)
})
