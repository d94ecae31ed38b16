import { expect, test } from 'vitest'
import { pageOf, withPage } from './oai-pages.ts'

test.each([
  ['https://zenodo.org/oai2d', 'oai:zenodo.org:1234', 'https://zenodo.org/records/1234'],
  [
    'https://d.example.edu/oai',
    'doi:10.7910/DVN/ABCDEF',
    'https://d.example.edu/dataset.xhtml?persistentId=doi:10.7910/DVN/ABCDEF',
  ],
  [
    'https://r.example.edu/server/oai/request',
    'oai:r.example.edu:10568/12',
    'https://r.example.edu/handle/10568/12',
  ],
  ['https://r.example.edu/oai', 'oai:r.example.edu:12', undefined],
  ['https://zenodo.org/oai2d', 'oai:zenodo.org:../../x', undefined],
])('the page at %s of %s is %s', (base, identifier, page) => {
  expect(pageOf(base, identifier)).toBe(page)
})

test('a page that the metadata names itself stays', () => {
  const own = {
    kind: 'datacite',
    entry: { url: 'https://a.example/1' },
    types: [],
    page: 'https://a.example/1',
  } as const
  expect(withPage(own, 'https://b.example/1')).toBe(own)
  const { page: _page, entry: _entry, ...without } = own
  expect(withPage({ ...without, entry: {}, page: undefined }, 'https://b.example/1').entry).toEqual({
    url: 'https://b.example/1',
  })
})
