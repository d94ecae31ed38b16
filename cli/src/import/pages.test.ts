import { expect, test } from 'vitest'
import { nextPage, statedTotal } from './pages.ts'

const address = 'https://c.example/list?rows=2'
const second = 'https://c.example/list?page=2'

test.each([
  ['JSON:API', { links: { next: second } }],
  ['HAL', { _links: { next: { href: second } } }],
  ['OData', { '@odata.nextLink': second }],
  ['a relative address', { next: '?page=2' }],
  ['Hydra in a graph', { '@graph': [{ 'hydra:next': { '@id': second } }] }],
  ['Hydra in full', [{ 'http://www.w3.org/ns/hydra/core#next': [{ '@id': second }] }]],
  ['Hydra in a view', { 'hydra:view': { 'hydra:next': second } }],
])('finds the next page as %s names it', (_, document) => {
  expect(nextPage({ document, address })).toBe(second)
})

test('finds the next page in a Link header with several links', () => {
  const link = `<https://c.example/list>; rel="first", <${second}>; title="more"; rel="next last"`
  expect(nextPage({ document: {}, address, link })).toBe(second)
  expect(nextPage({ document: {}, address, link: '<https://c.example/x>; rel="prev"' })).toBeUndefined()
})

test('finds the next page by counting entries', () => {
  const ckan = { success: true, result: { count: 3, results: [{}, {}] } }
  expect(nextPage({ document: ckan, address })).toBe(`${address}&start=2`)
  expect(nextPage({ document: ckan, address: `${address}&start=2` })).toBeUndefined()
  const dataCite = { data: [{}], meta: { total: 2, totalPages: 2, page: 1 } }
  expect(nextPage({ document: dataCite, address })).toBe(`${address}&page%5Bnumber%5D=2`)
})

test('finds the number of all entries', () => {
  expect(statedTotal({ result: { count: 412 } })).toBe(412)
  expect(statedTotal({ meta: { total: 180 } })).toBe(180)
  expect(statedTotal({ '@graph': [{ 'hydra:totalItems': { '@value': '350' } }] })).toBe(350)
  expect(statedTotal({ dataset: [] })).toBeUndefined()
})
