import { expect, test } from 'vitest'
import { readLicense } from './license.ts'
import { openingOf } from './opening.ts'
import { findAgents, findLinks, soleLink, withoutLinkTargets } from './prose.ts'

test.each([
  ['see https://a.org/x, or (https://b.org/y).', ['https://a.org/x', 'https://b.org/y']],
  [
    '[wiki](https://en.wikipedia.org/wiki/Tide_(sea)) and <a href="https://c.org">C</a>',
    ['https://en.wikipedia.org/wiki/Tide_(sea)', 'https://c.org'],
  ],
  ["https://a.org/User's%20Guide.pdf", ["https://a.org/User's%20Guide.pdf"]],
  ['https://a.org https://a.org', ['https://a.org']],
  ['mailto:a@b.org, ftp://a.org, https://', []],
])('finds the links in %j', (text, urls) => {
  expect(findLinks(text).map(({ url }) => url)).toEqual(urls)
})

test.each([
  ['ann@a.org; bob@b.org', [{ email: 'ann@a.org' }, { email: 'bob@b.org' }], true],
  ['Ann Lee <ann@a.org>', [{ name: 'Ann Lee', email: 'ann@a.org' }], true],
  ['[Help](mailto:help@a.org)', [{ name: 'Help', email: 'help@a.org' }], true],
  ['[Issues](https://a.org/issues)', [{ name: 'Issues', url: 'https://a.org/issues' }], true],
  ['Write to help@a.org or see https://a.org.', [{ url: 'https://a.org' }, { email: 'help@a.org' }], false],
  ['nobody yet', [], false],
  ['', [], false],
])('finds the people and organizations in %j', (text, agents, complete) => {
  expect(findAgents(text)).toEqual({ agents, complete })
})

test('recognizes a text that is only a link', () => {
  expect(soleLink(' "[A](https://a.org)" ')).toEqual({ url: 'https://a.org', title: 'A' })
  expect(soleLink('https://a.org')).toEqual({ url: 'https://a.org' })
  expect(soleLink('see https://a.org')).toBeUndefined()
})

test('removes the targets of links from a text', () => {
  expect(withoutLinkTargets('[A](https://a.org) and B (https://b.org/)')).toBe('A and B')
})

test.each([
  [
    'https://creativecommons.org/licenses/by-nc-sa/4.0/',
    { spdx: 'CC-BY-NC-SA-4.0', url: 'https://creativecommons.org/licenses/by-nc-sa/4.0/' },
  ],
  ['CC-BY-4.0', { spdx: 'CC-BY-4.0' }],
  ['CC BY-SA-NC 4.0', { spdx: 'CC-BY-NC-SA-4.0', text: 'CC BY-SA-NC 4.0' }],
  ['CC0 1.0 Universal', { spdx: 'CC0-1.0', text: 'CC0 1.0 Universal' }],
  ['CC BY', { text: 'CC BY' }],
  ['CC0, CC-BY', { text: 'CC0, CC-BY' }],
  [
    'https://creativecommons.org/licenses/by/2.5/ar/',
    { url: 'https://creativecommons.org/licenses/by/2.5/ar/' },
  ],
  [
    'CC BY 4.0 (https://creativecommons.org/licenses/by/4.0/) except the maps.',
    {
      url: 'https://creativecommons.org/licenses/by/4.0/',
      text: 'CC BY 4.0 (https://creativecommons.org/licenses/by/4.0/) except the maps.',
    },
  ],
  [
    '[MIT](https://creativecommons.org/licenses/by/4.0/)',
    {
      url: 'https://creativecommons.org/licenses/by/4.0/',
      text: '[MIT](https://creativecommons.org/licenses/by/4.0/)',
    },
  ],
])('reads the license in %j as an SPDX identifier only if it is certain', (text, license) => {
  expect(readLicense(text)).toEqual(license)
})

test('ends an excerpt after a paragraph, line or word, and never inside a character', () => {
  expect(openingOf('short')).toBe('short')
  expect(openingOf(`${'a'.repeat(3000)}\n\n${'b'.repeat(3000)}`)).toBe(`${'a'.repeat(3000)}\n\n…`)
  expect(openingOf(`${'a'.repeat(3000)} ${'b'.repeat(3000)}`)).toBe(`${'a'.repeat(3000)}\n\n…`)
  expect(openingOf('🐋'.repeat(2000))).toBe(`${'🐋'.repeat(1250)}…`)
})
