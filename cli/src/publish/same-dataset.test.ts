import { expect, test } from 'vitest'
import { isSameDataset } from './same-dataset.ts'

const own = (scheme: string, value: string) => ({ identifiers: [{ scheme, value }] })
const doi = (value: string) => own('doi', value)

test.each([
  [
    'one DOI in two spellings',
    { title: 'A', ...doi('10.1234/X') },
    { title: 'B', ...doi('https://doi.org/10.1234/x') },
    true,
  ],
  [
    'two DOIs, though title and page are one',
    { title: 'A', homepage: 'https://e.org/', ...doi('10.1234/x') },
    { title: 'A', homepage: 'https://e.org/', ...doi('10.1234/y') },
    false,
  ],
  [
    'one page and one title',
    { title: 'Sea ice', homepage: 'https://e.org/a/' },
    { title: 'Sea ice extent', homepage: 'http://www.e.org/a' },
    true,
  ],
  [
    'one page of two data',
    { title: 'Sea ice', homepage: 'https://e.org/a' },
    { title: 'Glaciers', homepage: 'https://e.org/a' },
    false,
  ],
  [
    'the catalog’s own identifier, though all else changed',
    { title: 'A', homepage: 'https://e.org/a', ...own('ckan', '0d6d2b5c-1') },
    { title: 'B', homepage: 'https://e.org/b', ...own('ckan', '0d6d2b5c-1') },
    true,
  ],
  [
    'two of the catalog’s own identifiers under one DOI, page and title',
    {
      title: 'A',
      homepage: 'https://e.org/',
      identifiers: [...doi('10.1234/x').identifiers, ...own('local', 'v1').identifiers],
    },
    {
      title: 'A',
      homepage: 'https://e.org/',
      identifiers: [...doi('10.1234/x').identifiers, ...own('local', 'v2').identifiers],
    },
    false,
  ],
  [
    'an address that moved to https',
    { title: 'A', ...own('uri', 'http://e.org/set/1') },
    { title: 'B', ...own('uri', 'https://e.org/set/1') },
    true,
  ],
  [
    'the number 7 in two catalogs',
    { title: 'Sea ice', publisher: { name: 'N' }, ...own('local', '7') },
    { title: 'Schools', publisher: { name: 'M' }, ...own('local', '7') },
    false,
  ],
  [
    'the number 7 of one publisher, renamed',
    { title: 'Sea ice', publisher: { name: 'N' }, ...own('local', '7') },
    { title: 'Extent of frozen ocean', publisher: { name: 'N' }, ...own('local', '7') },
    true,
  ],
  [
    'two years',
    { title: 'Monthly means of sea ice 2019' },
    { title: 'Monthly means of sea ice 2020' },
    false,
  ],
  [
    'two pages',
    { title: 'A', homepage: 'https://e.org/a' },
    { title: 'A', homepage: 'https://e.org/b' },
    false,
  ],
  ['a page only here', { title: 'Sea ice', homepage: 'https://e.org/a' }, { title: 'Sea ice' }, true],
  ['a subtitle was added', { title: 'Sea ice' }, { title: 'Sea ice extent, 1979–2026' }, true],
  [
    'a slip was mended',
    { title: 'Monthly means of sea icr in the north' },
    { title: 'Monthly means of sea ice in the north' },
    true,
  ],
  ['another title', { title: 'First dataset' }, { title: 'Second dataset' }, false],
  ['titles without letters', { title: '—' }, { title: '–' }, false],
])('%s', (_what, a, b, same) => {
  expect(isSameDataset(a, b)).toBe(same)
  expect(isSameDataset(b, a)).toBe(same)
})
