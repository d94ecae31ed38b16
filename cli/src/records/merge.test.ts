import { expect, test } from 'vitest'
import { mergeRecord } from './merge.ts'

const merge = (base: object | undefined, current: object, incoming: object, isPartial = false) =>
  mergeRecord({ base, current, incoming, isPartial } as Parameters<typeof mergeRecord>[0])
const names = (...all: string[]) => all.map((name) => ({ name }))

test('keeps the owner’s changes while the source stays the same', () => {
  const said = { title: 'T', keywords: names('a', 'b') }
  const edited = { title: 'Better', keywords: names('a', 'mine', 'b'), risk: { level: 'endangered' } }
  expect(merge(said, edited, said)).toEqual({
    record: edited,
    kept: ['title', 'keywords', 'risk'],
    replaced: [],
    removed: [],
  })
})

test('takes the source’s changes where the owner changed nothing', () => {
  const said = { title: 'T', issued: '2020', keywords: names('a', 'b') }
  const now = { title: 'T2', keywords: names('b', 'c'), version: '2' }
  expect(merge(said, { ...said, citation: 'mine' }, now)).toEqual({
    record: { ...now, citation: 'mine' },
    kept: ['citation'],
    replaced: [],
    removed: ['issued'],
  })
})

test('keeps the owner’s value, part by part, where both changed it', () => {
  const { record, kept } = merge(
    { title: 'T', publisher: { name: 'N' } },
    { title: 'Mine', publisher: { name: 'N', email: 'a@e.org' } },
    { title: 'Theirs', publisher: { name: 'New' } },
  )
  expect(record).toEqual({ title: 'Mine', publisher: { name: 'New', email: 'a@e.org' } })
  expect(kept).toEqual(['title', 'publisher.email'])
})

test('leaves out what the owner removed', () => {
  const said = { title: 'T', citation: 'C', keywords: names('a', 'b') }
  const edited = { title: 'T', keywords: names('b') }
  expect(merge(said, edited, { ...said, version: '2' })).toMatchObject({
    record: { ...edited, version: '2' },
    kept: ['keywords', 'citation'],
  })
})

test('keeps an item that the owner changed while the source adds and removes others', () => {
  const said = { sources: [{ url: 'u:1' }, { url: 'u:2' }] }
  const edited = { sources: [{ url: 'u:1', title: 'First' }, { url: 'u:2' }, { url: 'u:mine' }] }
  const now = { sources: [{ url: 'u:0' }, { url: 'u:1' }] }
  expect(merge(said, edited, now).record).toEqual({
    sources: [{ url: 'u:0' }, { url: 'u:1', title: 'First' }, { url: 'u:mine' }],
  })
})

test('keeps the order that the owner gave', () => {
  const { record, kept } = merge(
    { creators: names('a', 'b') },
    { creators: names('b', 'a') },
    { creators: names('a', 'b', 'c') },
  )
  expect([record, kept]).toEqual([{ creators: names('b', 'c', 'a') }, ['creators']])
})

test.each([
  ['license', { spdx: 'MIT' }, { url: 'https://e.org/' }],
  ['spatial', { box: { west: '1', east: '2' } }, { box: { west: '5', east: '6' } }],
])('never mixes the parts of a %s from both', (field, mine, theirs) => {
  expect(merge({}, { [field]: mine }, { [field]: theirs }).record).toEqual({ [field]: mine })
})

test('without a base, keeps other fields and reports each value that it replaces', () => {
  const current = {
    title: 'Mine',
    risk: { level: 'watchlist' },
    keywords: names('mine'),
    license: { spdx: 'MIT' },
  }
  const now = { title: 'T', keywords: names('a'), license: { spdx: 'MIT' } }
  const merged = merge(undefined, current, now)
  expect(merged.record).toMatchObject({ title: 'T', risk: current.risk })
  expect(new Set(merged.record.keywords as object[])).toEqual(new Set([...names('mine'), ...names('a')]))
  expect(merged.replaced).toEqual([{ field: 'title', was: 'Mine' }])
  expect(merged.kept).toEqual(expect.arrayContaining(['risk', 'keywords']))
})

test('a source with few fields removes none of the others', () => {
  const said = { title: 'T', description: 'D' }
  expect(merge(said, { ...said, citation: 'mine' }, { title: 'T2' }, true)).toEqual({
    record: { title: 'T2', description: 'D', citation: 'mine' },
    kept: ['citation'],
    replaced: [],
    removed: [],
  })
})

test('a field named __proto__ stays a field', () => {
  const current = JSON.parse(
    '{"title": "Ice", "__proto__": {"title": "Snow"}, "spatial": {"__proto__": {"name": "x"}}}',
  )
  const { record } = mergeRecord({ base: undefined, current, incoming: { keywords: [] }, isPartial: true })
  expect(Object.getPrototypeOf(record)).toBe(Object.prototype)
  expect(Object.keys(record)).toContain('__proto__')
})
