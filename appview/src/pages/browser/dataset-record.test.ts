import { expect, test } from 'vitest'
import { fieldOf, slugOf, toFields, toRecord } from './dataset-record.ts'

const record = {
  $type: 'x',
  title: 'Sea ice',
  creators: [{ name: 'A', url: 'https://example.org/a' }],
  publisher: { name: 'NIDC', url: 'https://example.org' },
  identifiers: [
    { scheme: 'doi', value: '10.1/x' },
    { scheme: 'ark', value: 'ark:/1/2' },
  ],
  sources: [{ url: 'https://example.org/data', kind: 'http' }],
  license: { spdx: 'CC0-1.0', text: 'Free.' },
  keywords: [{ name: 'ice' }],
  risk: { level: 'endangered', reason: 'because', evidence: [{ url: 'https://example.org/e' }] },
  spatial: { name: 'Arctic' },
  createdAt: '2026-01-01T00:00:00Z',
}

test('a record that goes through the form unchanged stays the same', () => {
  expect(toRecord(toFields(record), record)).toEqual(record)
})

test('a keyword with a comma stays one keyword', () => {
  const keywords = [{ name: 'soil, frozen' }, { name: 'ice' }]
  expect(toRecord(toFields({ keywords }))).toEqual({ keywords })
})

test('removes emptied fields and keeps what the form does not show', () => {
  const changed = toRecord({ ...toFields(record), keywords: '', riskLevel: '', publisher: 'Other' }, record)
  expect(changed).not.toHaveProperty('keywords')
  expect(changed).not.toHaveProperty('risk')
  expect(changed).toMatchObject({
    publisher: { name: 'Other', url: 'https://example.org' },
    spatial: { name: 'Arctic' },
  })
})

test('writes a DOI without its resolver and a license by its address', () => {
  const fields = {
    ...toFields({}),
    title: 'x',
    doi: 'https://doi.org/10.5061/DRYAD.8515',
    license: 'https://example.org/terms',
  }
  expect(toRecord(fields)).toEqual({
    title: 'x',
    identifiers: [{ scheme: 'doi', value: '10.5061/DRYAD.8515' }],
    license: { url: 'https://example.org/terms' },
  })
})

test('makes record keys from the DOI, or else from the title', async () => {
  const fields = { ...toFields({}), title: 'Données ouvertes: l’État' }
  expect(await slugOf(fields, 'did:plc:x')).toMatch(/^donnees-ouvertes-l-etat-[0-9a-f]{8}$/)
  expect(await slugOf({ ...fields, doi: '10.1/AB.c' }, 'did:plc:x')).toBe('10-1-ab-c')
  expect(await slugOf({ ...fields, title: '気象' }, 'did:plc:x')).toMatch(/^dataset-[0-9a-f]{8}$/)
})

test('a path in the record leads to its form field', () => {
  expect(fieldOf('sources/0/url')).toBe('sources')
  expect(fieldOf('risk/expectedGone')).toBe('expectedGone')
  expect(fieldOf('identifiers/0/value')).toBe('doi')
  expect(fieldOf('spatial/box')).toBeUndefined()
})
