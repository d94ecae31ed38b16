import { isValidRecordKey } from '@atproto/syntax'
import { expect, test } from 'vitest'
import { datasetSlug, slugify } from './slug.ts'

test.each([
  ['10.5061/DRYAD.8515', '10.5061-dryad.8515'],
  ['Précipitations – Genève (1864)', 'precipitations-geneve-1864'],
  ['  ..hidden..  ', 'hidden'],
  ['https://data.example.org/x?id=1', 'https-data.example.org-x-id-1'],
])('%s makes %s', (text, slug) => {
  expect(slugify(text)).toBe(slug)
})

test('makes a hash of a text without a usable character', () => {
  expect(slugify('长江水位')).toMatch(/^[0-9a-f]{12}$/)
  expect(slugify('长江水位')).not.toBe(slugify('黄河水位'))
})

test('tells long texts apart that differ at their end', () => {
  const long = 'a'.repeat(300)
  expect(slugify(`${long}1`)).not.toBe(slugify(`${long}2`))
  expect(slugify(`${long}1`).length).toBeLessThanOrEqual(100)
})

test('always makes a record key', () => {
  for (const text of ['.', '..', '长', 'a'.repeat(300), '~', 'a:b'])
    expect(isValidRecordKey(slugify(text))).toBe(true)
})

test('a dataset is called by its best identifier, else by its title and a hash of it', () => {
  const identifiers = [
    { scheme: 'local', value: 'x-1' },
    { scheme: 'doi', value: 'https://doi.org/10.1234/Rhine' },
  ]
  expect(datasetSlug({ title: 'Rhine', identifiers })).toBe('10.1234-rhine')
  expect(datasetSlug({ title: 'Rhine' })).toMatch(/^rhine-[0-9a-f]{8}$/)
  expect(datasetSlug({ title: 'Rhine' })).not.toBe(datasetSlug({ title: 'rhine' }))
})
