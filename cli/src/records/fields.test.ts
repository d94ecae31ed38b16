import { expect, test } from 'vitest'
import { removeField, setField } from './fields.ts'

const record = { title: 'T', keywords: [{ name: 'a' }, { name: 'b' }], risk: { level: 'watchlist' } }

test('sets or creates a field in a copy of the record', () => {
  expect(setField(record, 'risk.level', 'endangered')).toEqual({ ...record, risk: { level: 'endangered' } })
  expect(setField(record, 'spatial.box.west', '1')).toMatchObject({ spatial: { box: { west: '1' } } })
  expect(setField(record, 'keywords.2.name', 'c')).toMatchObject({
    keywords: [{ name: 'a' }, { name: 'b' }, { name: 'c' }],
  })
  expect(setField(record, 'sources.0.url', 'https://e.org')).toMatchObject({
    sources: [{ url: 'https://e.org' }],
  })
  expect(record.keywords).toHaveLength(2)
})

test('removes fields and items', () => {
  expect(removeField(record, 'risk')).toEqual({ title: 'T', keywords: record.keywords })
  expect(removeField(record, 'keywords.0')).toMatchObject({ keywords: [{ name: 'b' }] })
  expect(removeField(record, 'nothing.here')).toMatchObject({ title: 'T' })
})

test.each(['', 'a..b', '__proto__.x', 'keywords.9.name', 'title.first'])(
  'refuses %s as the name of a field',
  (path) => {
    expect(() => setField(record, path, 1)).toThrow()
  },
)
