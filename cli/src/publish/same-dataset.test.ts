import { expect, test } from 'vitest'
import { isSameDataset } from './same-dataset.ts'

const doi = (value: string) => ({ identifiers: [{ scheme: 'doi', value }] })

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
    'one page',
    { title: 'A', homepage: 'https://e.org/a/' },
    { title: 'B', homepage: 'http://www.e.org/a' },
    true,
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
