import fc from 'fast-check'
import { expect, test } from 'vitest'
import { placesOfEntries } from './places-of-entries.ts'

const id = (value: string, scheme = 'ckan') => ({ identifiers: [{ scheme, value }] })
const keysOf = (entries: Parameters<typeof placesOfEntries>[0], existing: Record<string, object> = {}) =>
  placesOfEntries(entries, new Map(Object.entries(existing)) as never).map(({ rkey }) => rkey)

test('updates the record of a renamed package, also when two exchange their names', () => {
  const existing = { a: { title: 'A', ...id('1') }, b: { title: 'B', ...id('2') } }
  expect(keysOf([{ rkey: 'new', record: { title: 'Renamed', ...id('1') } }], existing)).toEqual(['a'])
  const swapped = [
    { rkey: 'b', record: { title: 'A', ...id('1') } },
    { rkey: 'a', record: { title: 'B', ...id('2') } },
  ]
  expect(keysOf(swapped, existing)).toEqual(['a', 'b'])
})

test('entries with the same title or identifier key get stable keys of their own', () => {
  const entries = [
    { rkey: 'sales', record: { title: 'Sales' } },
    { rkey: 'sales', record: { title: 'Sales' } },
    { rkey: 'a-b', record: { title: 'One', ...id('A/B', 'local') } },
    { rkey: 'a-b', record: { title: 'Two', ...id('A B', 'local') } },
  ]
  const keys = keysOf(entries)
  expect(keys).toEqual(['sales', 'sales-2', 'a-b', 'a-b-2'])
  const existing = Object.fromEntries(entries.map(({ record }, index) => [keys[index]!, record]))
  expect(keysOf(entries, existing)).toEqual(keys)
  expect(keysOf(entries.toReversed(), existing).toSorted()).toEqual(keys.toSorted())
})

test('an entry with the same key and page updates its record, even with a new title', () => {
  const existing = { tides: { title: 'Tides', homepage: 'https://e.org/tides' } }
  expect(
    keysOf(
      [{ rkey: 'tides', record: { title: 'Water levels', homepage: 'https://e.org/tides/' } }],
      existing,
    ),
  ).toEqual(['tides'])
})

test('a shared landing page does not join entries with different titles', () => {
  const existing = { ice: { title: 'Sea ice', homepage: 'https://e.org/' } }
  const entries = [
    { rkey: 'glaciers', record: { title: 'Glaciers', homepage: 'https://e.org/' } },
    { rkey: 'ice-extent', record: { title: 'Sea ice extent', homepage: 'https://e.org/' } },
  ]
  expect(keysOf(entries, existing)).toEqual(['glaciers', 'ice'])
})

test('never gives two entries the same key', () => {
  const record = fc.record(
    {
      title: fc.constantFrom('A', 'B', 'A B', 'C 1', 'C 2'),
      homepage: fc.constantFrom('https://e.org/a', 'https://e.org/b'),
      identifiers: fc.array(
        fc.record({
          scheme: fc.constantFrom('local', 'ckan', 'doi'),
          value: fc.constantFrom('1', '2', '10.1234/x'),
        }),
        { maxLength: 2 },
      ),
    },
    { requiredKeys: ['title'] },
  )
  const rkey = fc.constantFrom('a', 'b', 'a-2')
  fc.assert(
    fc.property(
      fc.array(fc.record({ rkey, record }), { maxLength: 8 }),
      fc.dictionary(rkey, record),
      (entries, existing) => {
        const keys = keysOf(entries, existing)
        expect(new Set(keys).size).toBe(entries.length)
      },
    ),
  )
})
