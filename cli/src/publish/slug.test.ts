import { isValidRecordKey } from '@atproto/syntax'
import { expect, test } from 'vitest'
import { datasetSlug, slugify } from './slug.ts'

test.each([
  ['10.5061/DRYAD.8515', '10.5061-dryad.8515'],
  ['Précipitations – Genève (1864)', 'precipitations-geneve-1864'],
  ['  ..hidden..  ', 'hidden'],
  ['https://data.example.org/x?id=1', 'https-data.example.org-x-id-1'],
])('%s becomes %s', (text, slug) => {
  expect(slugify(text)).toBe(slug)
})

test('a text without a usable character becomes a hash', () => {
  expect(slugify('长江水位')).toMatch(/^[0-9a-f]{12}$/)
  expect(slugify('长江水位')).not.toBe(slugify('黄河水位'))
})

test('long texts that differ only at their end become different keys', () => {
  const long = 'a'.repeat(300)
  expect(slugify(`${long}1`)).not.toBe(slugify(`${long}2`))
  expect(slugify(`${long}1`).length).toBeLessThanOrEqual(100)
})

test('the result is always a valid record key', () => {
  for (const text of ['.', '..', '长', 'a'.repeat(300), '~', 'a:b'])
    expect(isValidRecordKey(slugify(text))).toBe(true)
})

test('a dataset’s key is its best identifier, else its title with a hash', () => {
  const identifiers = [
    { scheme: 'local', value: 'x-1' },
    { scheme: 'doi', value: 'https://doi.org/10.1234/Rhine' },
  ]
  expect(datasetSlug({ title: 'Rhine', identifiers })).toBe('10.1234-rhine')
  expect(datasetSlug({ title: 'Rhine' })).toMatch(/^rhine-[0-9a-f]{8}$/)
  expect(datasetSlug({ title: 'Rhine' })).not.toBe(datasetSlug({ title: 'rhine' }))
})
