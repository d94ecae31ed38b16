import { expect, test } from 'vitest'
import { Fields } from './fields.ts'

test('reports fields that were not read or had another type', () => {
  const fields = new Fields({ title: 'T', size: 'large', tags: ['a', 1], empty: null })
  expect(fields.text('title')).toBe('T')
  expect(fields.count('size')).toBeUndefined()
  expect(fields.texts('tags')).toEqual([])
  expect(fields.leftOver()).toEqual([
    { field: 'size', value: 'large' },
    { field: 'tags', value: ['a', 1] },
  ])
})

test('reports what was not read of the items of a list', () => {
  const fields = new Fields(
    { files: [{ url: 'a', note: 'n' }, { path: 'b' }, 'c'], one: { url: 'd' } },
    'data',
  )
  const urls = (item: Fields, value: unknown) => (value === 'c' ? 'c' : item.text('url'))
  expect(fields.items('files', urls)).toEqual(['a', 'c'])
  expect(fields.items('one', urls)).toEqual(['d'])
  expect(fields.items('absent', urls)).toEqual([])
  expect(fields.leftOver()).toEqual([
    { field: 'data/files/0/note', value: 'n' },
    { field: 'data/files/1', value: { path: 'b' } },
  ])
})
