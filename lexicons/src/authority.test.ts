import { jsonToLex } from '@atproto/lex-json'
import { expect, test } from 'vitest'
import {
  type Authorities,
  canonicalCollection,
  canonicalNsid,
  defaultAuthorities,
  equivalentNsids,
  normalizeTypes,
  parseAuthorities,
  servedMethods,
  wantedCollections,
  writtenNsid,
  writtenTypes,
} from './authority.ts'
import { admin, getDataset, subscribeInfoHashes } from './index.ts'
import { canonicalAuthority, collections, methods } from './nsid.ts'
import { validateRecord } from './validate.ts'

const both: Authorities = ['gov.example.archive', canonicalAuthority]

test('reads authorities from one variable; records are written under the first', () => {
  expect(parseAuthorities(undefined)).toEqual([canonicalAuthority])
  expect(parseAuthorities(' , ')).toEqual(defaultAuthorities)
  expect(parseAuthorities(` gov.example.archive, ${canonicalAuthority},gov.example.archive`)).toEqual(both)
})

test.each([
  'holdfast',
  'org.holdfast.',
  'org..holdfast',
  'https://example.org',
  '1org.x',
  'org.-x',
  'a.b c',
  'org._x',
])('refuses %j as an authority and says how to write one', (name) => {
  expect(() => parseAuthorities(name)).toThrow(
    `"${name}" is not a lexicon authority; write a domain in reverse`,
  )
})

test('an NSID under an equivalent authority is one of ours', () => {
  expect(canonicalCollection('gov.example.archive.dataset', both)).toBe(collections.dataset)
  expect(canonicalCollection(collections.dataset, both)).toBe(collections.dataset)
  expect(canonicalNsid('gov.example.archive.defs#risk', both)).toBe(`${canonicalAuthority}.defs#risk`)
  expect(canonicalNsid('gov.example.archive.admin.listAdmissions', both)).toBe(methods.listAdmissions)
  expect(canonicalNsid('gov.example.archive.other.listAdmissions', both)).toBeUndefined()
})

test.each([
  'gov.example.archive',
  'gov.example.archive.sub.dataset',
  'gov.example.archivedataset',
  'gov.example.archive2.dataset',
  'gov.example.archive.toString',
  'gov.example.archive.searchDatasets',
  'app.bsky.feed.post',
  '',
])('%j is not a collection of ours', (nsid) => {
  expect(canonicalCollection(nsid, both)).toBeUndefined()
})

test('a collection that only another operator reads is not ours', () => {
  expect(canonicalCollection('gov.example.archive.dataset', defaultAuthorities)).toBeUndefined()
})

test('writes records under the first authority and asks for them under all', () => {
  expect(writtenNsid(collections.torrent, both)).toBe('gov.example.archive.torrent')
  expect(equivalentNsids(collections.torrent, both)).toEqual([
    'gov.example.archive.torrent',
    collections.torrent,
  ])
  expect(wantedCollections(both)).toHaveLength(2 * Object.keys(collections).length)
})

const foreign = {
  $type: 'gov.example.archive.dataset',
  title: 'Tides',
  publisher: { $type: 'gov.example.archive.defs#agent', name: 'gov.example.archive.defs' },
  descriptionBlob: {
    $type: 'blob',
    ref: { $link: 'bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy' },
    mimeType: 'text/markdown',
    size: 60_000,
  },
  labels: { $type: 'com.atproto.label.defs#selfLabels', values: [{ val: 'x' }] },
  createdAt: '2026-11-20T12:00:00Z',
}

test('validates a record under an equivalent authority and returns it unchanged', () => {
  const decoded = jsonToLex(foreign)
  expect(validateRecord(collections.dataset, decoded)).toMatchObject({ ok: false, field: 'publisher/$type' })
  const normal = normalizeTypes(decoded, both)
  expect(validateRecord(collections.dataset, normal)).toMatchObject({
    ok: true,
    record: {
      $type: collections.dataset,
      publisher: { $type: `${canonicalAuthority}.defs#agent`, name: 'gov.example.archive.defs' },
      labels: foreign.labels,
    },
  })
  expect(writtenTypes(normal, both)).toEqual(decoded)
  expect(decoded).toEqual(jsonToLex(foreign))
})

test('with only the canonical authority, records are not copied', () => {
  expect(normalizeTypes(foreign, defaultAuthorities)).toBe(foreign)
  expect(writtenTypes(foreign, defaultAuthorities)).toBe(foreign)
})

test('a record that is nested without end does not overflow the stack', () => {
  let nested: unknown = 1
  for (let depth = 0; depth < 100_000; depth += 1) nested = { nested }
  expect(() => normalizeTypes(nested, both)).not.toThrow()
})

test('every kind of method can be served under every authority', () => {
  for (const schema of [getDataset.main, admin.updateAdmission.main, subscribeInfoHashes.main]) {
    const [other, canonical] = servedMethods<typeof schema>(schema, both)
    expect(canonical).toBe(schema)
    expect(other).toMatchObject({ ...schema, nsid: writtenNsid(schema.nsid, both) })
    expect(other).toBeInstanceOf(schema.constructor)
  }
})
