import fc from 'fast-check'
import { expect, test } from 'vitest'
import { formatQuery, parseQuery } from './query.ts'
import { SearchError } from './search-error.ts'

const brief = (text: string) =>
  parseQuery(text).clauses.map(
    (c) =>
      `${c.excluded ? '-' : ''}${c.field === 'text' ? '' : `${c.field}:`}${c.phrase ? `"${c.value}"` : c.value}`,
  )

test.each([
  ['sea ice', ['sea', 'ice']],
  ['"sea ice" extent', ['"sea ice"', 'extent']],
  ['"sea ice', ['"sea ice"']],
  ['-model -"sea ice"', ['-model', '-"sea ice"']],
  ['-sea-ice', ['-"sea ice"']],
  ['publisher:noaa risk:endangered format:netcdf', ['publisher:noaa', 'risk:endangered', 'format:netcdf']],
  ['publisher:"Census Bureau"', ['publisher:"census bureau"']],
  [
    'licence:CC0-1.0 tag:ocean -keyword:"sea surface"',
    ['license:cc0-1.0', 'keyword:ocean', '-keyword:sea surface'],
  ],
  ['http://example.org/a 10:30', ['http', 'example', 'org', '10', '30']],
  ['Données ÉTÉ', ['donnees', 'ete']],
  ['the state of the ice', ['state', 'ice']],
  ['the who', ['the', 'who']],
  ['ice ice Ice', ['ice']],
  ['', []],
  ['- : "" -"" :: -:', []],
])('parses %s', (text, clauses) => {
  expect(brief(text)).toEqual(clauses)
})

test('a hyphenated name is also searched for as one word', () => {
  expect(parseQuery('GOES-16').clauses[0]?.spellings).toEqual(['goes16'])
})

test('refuses a query that is too long with InvalidQuery', () => {
  expect(() => parseQuery('x'.repeat(10_001))).toThrow(SearchError)
  expect(() => parseQuery(Array.from({ length: 65 }, (_, i) => `w${i}`).join(' '))).toThrow(/64 words/)
})

test('a query that is written out parses to the same clauses', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (text) => {
      const { clauses } = read(text)
      expect(read(formatQuery(clauses)).clauses.map((c) => [c.excluded, c.field, c.stems.join(' ')])).toEqual(
        clauses.map((c) => [c.excluded, c.field, c.stems.join(' ')]),
      )
    }),
    { numRuns: 300 },
  )
})

const soup = fc.array(
  fc.constantFrom(
    '"',
    '-',
    ':',
    ' ',
    'a',
    'the',
    'risk:',
    '\\',
    '*',
    '(',
    ')',
    '&',
    '|',
    '!',
    "'",
    '\0',
    '\u{1F30A}',
    'é',
    '日本',
    '<->',
    '%',
    '_',
  ),
  {
    maxLength: 3000,
  },
)

test('parses any mixture of operators quickly', () => {
  fc.assert(
    fc.property(soup, (parts) => {
      expect(millisecondsOf(() => read(parts.join('')))).toBeLessThan(250) // a quadratic reader takes seconds
    }),
    { numRuns: 300 },
  )
})

test.each(['"', '-', ':', 'a:', ' ', '" ', '-"', 'é', 'a-', '日'])(
  'parses 10,000 characters of %j quickly',
  (part) => {
    expect(millisecondsOf(() => read(part.repeat(10_000 / part.length)))).toBeLessThan(250)
  },
)

function read(text: string) {
  try {
    return parseQuery(text)
  } catch (error) {
    expect(error).toBeInstanceOf(SearchError)
    return { clauses: [] }
  }
}

/** The processor time of this process, which a busy machine does not change. */
function millisecondsOf(work: () => unknown): number {
  const before = process.cpuUsage()
  work()
  return process.cpuUsage(before).user / 1000
}
