import { expect, test } from 'vitest'
import { type CollectionName, collections } from './nsid.ts'
import { recordWarnings } from './rules.ts'
import { isRecordKey, isRecordOf, validateRecordJson } from './validate.ts'

const createdAt = '2026-11-20T12:00:00.000Z'
const did = 'did:plc:ewvi7nxzyoun6zhxrhs64oiz'
const v1 = 'c3a1'.repeat(10)
const v2 = 'c3a1'.repeat(16)
const cid = 'bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy'
const datasetUri = `at://${did}/${collections.dataset}/tides`
const blob = (mimeType: string, size = 1000) => ({ $type: 'blob', ref: { $link: cid }, mimeType, size })

const good: Record<CollectionName, Record<string, unknown>> = {
  dataset: {
    title: 'Tide gauge readings',
    description: 'Hourly **water levels**.',
    descriptionBlob: blob('text/markdown', 700_000),
    creators: [{ name: 'Ann Lee', did, identifiers: [{ scheme: 'orcid', value: '0000-0002-1825-0097' }] }],
    contributors: [{ agent: { name: 'Tide Office' }, role: 'hosting-institution' }],
    publisher: { name: 'Tide Office', url: 'https://example.org/' },
    contacts: [{ email: 'ann@example.org' }],
    homepage: 'https://example.org/tides',
    sources: [
      {
        url: 's3://tides/raw/',
        kind: 's3',
        access: 'public',
        status: 'online',
        lastSeenAt: createdAt,
        checksums: [{ algorithm: 'sha-256', value: v2 }],
        archivedUrls: [{ url: 'https://web.archive.org/web/2024/https://example.org/', at: createdAt }],
      },
    ],
    identifiers: [{ scheme: 'doi', value: '10.5061/dryad.8515' }],
    relatedIdentifiers: [{ relation: 'IsCitedBy', scheme: 'doi', value: '10.1000/182', title: 'Rising' }],
    license: { spdx: 'CC0-1.0', url: 'https://creativecommons.org/publicdomain/zero/1.0/', text: 'Free.' },
    accessRights: 'Anyone.',
    citation: 'Lee (2011).',
    keywords: [{ name: 'ocean' }],
    subjects: [{ uri: 'http://vocab.example.org/1', label: 'Sea level' }],
    languages: [{ tag: 'en' }, { tag: 'pt-BR' }],
    temporal: { start: '1880/1920', end: '2026' },
    issued: '2011',
    modified: '2026-09~',
    spatial: { name: 'Pacific', box: { west: '170.5', south: '-10', east: '-120', north: '10.25' } },
    formats: [{ mediaType: 'application/netcdf', conformsTo: 'https://cfconventions.org/' }],
    sizeBytes: 9_007_199_254_740_991,
    version: '2',
    versionOf: { uri: datasetUri, cid },
    supersedes: { uri: datasetUri },
    derivedFrom: [{ uri: `at://${did}/science.alt.dataset.entry/x` }],
    adoptedFrom: { uri: datasetUri },
    updateFrequency: 'Hourly',
    funding: [{ funder: { name: 'NSF' }, awardNumber: '12', awardTitle: 'Tides', url: 'https://nsf.gov/12' }],
    sensitivity: { kind: 'none', note: 'None known.' },
    risk: {
      level: 'endangered',
      reason: 'Budget.',
      evidence: [{ url: 'https://news.example' }],
      expectedGone: '2027',
    },
    scarcity: 'source-only',
    labels: { $type: 'com.atproto.label.defs#selfLabels', values: [{ val: 'experimental' }] },
  },
  torrent: {
    datasets: [{ uri: datasetUri, cid }, { uri: `at://${did}/science.alt.dataset.entry/x` }],
    parts: [{ uri: `at://${did}/science.alt.dataset.part/x`, cid, item: 'tiles/n60' }, { uri: datasetUri }],
    infoHashV1: v1,
    infoHashV2: v2,
    name: 'tides',
    sizeBytes: 0,
    pieceLengthBytes: 16_384,
    fileCount: 1,
    metainfo: blob('application/x-bittorrent'),
    metainfoParts: [{ blob: blob('application/octet-stream') }],
    metainfoUrls: [{ url: 'https://example.org/a.torrent', sha256: v2, sizeBytes: 1 }],
    trackers: [{ url: 'udp://tracker.example.org:6969/announce', tier: 0 }],
    webseeds: [{ url: 'https://example.org/files/', kind: 'bep19' }],
    method: 'Mirrored with *wget*.',
    tool: 'wget 1.24',
    captured: '2026-11-20T12:00:00Z',
    formats: [{ mediaType: 'text/csv' }],
    supersedes: { uri: `at://${did}/${collections.torrent}/${v2}` },
  },
  webseed: {
    subject: { infoHashV2: v2, uri: datasetUri },
    url: 'https://example.org/files/',
    kind: 'bep19',
    note: 'Until 2027.',
  },
  assessment: {
    subject: { uri: datasetUri, cid, identifiers: [{ scheme: 'doi', value: '10.5061/dryad.8515' }] },
    risk: { level: 'takedown-issued' },
    scarcity: 'preserved',
    evidence: [{ url: 'https://news.example', title: 'Notice', archivedUrl: 'https://archive.example/1' }],
    note: 'Seen today.',
    assessedAt: createdAt,
  },
  profile: {
    displayName: 'Tide Library',
    description: 'We keep tides.',
    url: 'https://example.org',
    avatar: blob('image/png'),
    kind: 'library',
    contact: 'ann@example.org',
  },
  part: {
    dataset: { uri: datasetUri, cid },
    title: 'Gauges in the north',
    description: 'One file a **station**.',
    urls: [
      {
        url: 'https://example.org/8518750/all.csv',
        sizeBytes: 214_000_000,
        checksums: [{ algorithm: 'md5', value: 'd41d8cd98f00b204e9800998ecf8427e' }],
      },
    ],
    prefixes: [{ url: 'https://example.org/north/' }],
    sizeBytes: 300_000_000,
    fileCount: 12,
    tool: 'http',
    method: 'Fetch the tables *first*.',
    copies: 2,
    deadline: '2026-12-05',
    priority: 70,
    leaseSeconds: 3_600,
    pace: { host: 'example.org', requestsPerMinute: 120, connections: 4 },
    status: 'open',
  },
  claim: {
    part: { uri: `at://${did}/${collections.part}/north`, cid },
    status: 'in-progress',
    expiresAt: createdAt,
    progress: { bytesDone: 5, bytesTotal: 10, itemsDone: 1, itemsTotal: 2 },
    torrents: [{ infoHashV1: v1, infoHashV2: v2 }],
    failure: { code: 'blocked', message: 'The server answers 403.' },
    lease: { service: did, id: '3l7k' },
    finishedAt: createdAt,
    note: 'The southern half is missing.',
  },
}

test.each(Object.keys(good) as CollectionName[])(
  'a complete %s record is valid and has no warnings',
  (name) => {
    const checked = check(name, {})
    expect(checked).toMatchObject({ ok: true })
    expect(checked.ok && recordWarnings(collections[name], checked.record)).toEqual([])
    expect(checked.ok && isRecordOf(collections[name], checked.record)).toBe(true)
  },
)

const missing = undefined
const bad: [CollectionName, Record<string, unknown>, string, RegExp][] = [
  ['dataset', { $type: collections.torrent }, '$type', /Expected/],
  ['dataset', { title: missing }, 'title', /Missing required/],
  ['dataset', { title: 7 }, 'title', /string/],
  ['dataset', { title: 'a'.repeat(10_001) }, 'title', /too big/],
  ['dataset', { title: '🐋'.repeat(1001) }, 'title', /grapheme/],
  ['dataset', { createdAt: missing }, 'createdAt', /Missing required/],
  ['dataset', { createdAt: 'yesterday' }, 'createdAt', /datetime/],
  ['dataset', { description: 'é'.repeat(25_001) }, 'description', /too big \(maximum 50000, got 50002\)/],
  ['dataset', { descriptionBlob: blob('text/html') }, 'descriptionBlob/mimeType', /text\/markdown/],
  ['dataset', { descriptionBlob: blob('text/markdown', 20_000_001) }, 'descriptionBlob', /too big/],
  ['dataset', { descriptionBlob: 'text' }, 'descriptionBlob', /blob/],
  ['dataset', { homepage: 'example.org' }, 'homepage', /uri/i],
  ['dataset', { keywords: ['ocean'] }, 'keywords/0', /object/],
  ['dataset', { keywords: [{ name: 'ocean' }, {}] }, 'keywords/1/name', /Missing required/],
  ['dataset', { keywords: Array(2001).fill({ name: 'a' }) }, 'keywords', /too big/],
  ['dataset', { sources: [{ kind: 'web' }] }, 'sources/0/url', /Missing required/],
  ['dataset', { sizeBytes: 1.5 }, 'sizeBytes', /integer/],
  ['dataset', { sizeBytes: -1 }, 'sizeBytes', /too small/],
  ['dataset', { languages: [{ tag: 'no such language' }] }, 'languages/0/tag', /language/],
  ['dataset', { spatial: { box: { west: '1' } } }, 'spatial/box/south', /Missing required/],
  ['dataset', { publisher: {} }, 'publisher', /names nobody/],
  ['dataset', { creators: [{ name: 'A' }, { identifiers: [] }] }, 'creators/1', /names nobody/],
  ['dataset', { creators: [{ did: 'ann.example' }] }, 'creators/0/did', /DID/i],
  ['dataset', { versionOf: { uri: 'https://example.org' } }, 'versionOf/uri', /AT-?URI/i],
  [
    'dataset',
    { versionOf: { uri: `at://ann.example/${collections.dataset}/x` } },
    'versionOf/uri',
    /at:\/\/DID/,
  ],
  [
    'dataset',
    { derivedFrom: [{ uri: datasetUri }, { uri: `at://${did}` }] },
    'derivedFrom/1/uri',
    /at:\/\/DID/,
  ],
  ['dataset', { supersedes: { uri: datasetUri, cid: 'abc' } }, 'supersedes/cid', /CID/i],
  [
    'dataset',
    { labels: { $type: 'com.atproto.label.defs#selfLabels', values: [{}] } },
    'labels/values/0/val',
    /Missing/,
  ],
  ['torrent', { parts: [{ uri: datasetUri, item: 'é'.repeat(257) }] }, 'parts/0/item', /too big/],
  ['torrent', { parts: [{ uri: 'https://example.org' }] }, 'parts/0/uri', /at-uri/i],
  ['torrent', { infoHashV1: missing, infoHashV2: missing }, 'infoHashV1', /at least one infohash/],
  ['torrent', { infoHashV1: v1.toUpperCase() }, 'infoHashV1', /lowercase/],
  ['torrent', { infoHashV1: v1.slice(1) }, 'infoHashV1', /too small/],
  ['torrent', { infoHashV2: v1 }, 'infoHashV2', /too small/],
  ['torrent', { infoHashV2: 'z'.repeat(64) }, 'infoHashV2', /64 lowercase hexadecimal/],
  ['torrent', { name: missing }, 'name', /Missing required/],
  ['torrent', { metainfo: blob('application/json') }, 'metainfo/mimeType', /x-bittorrent/],
  ['torrent', { pieceLengthBytes: 0 }, 'pieceLengthBytes', /too small/],
  [
    'torrent',
    { datasets: [{ uri: 'at://ann.example/app.example.thing/1' }] },
    'datasets/0/uri',
    /at:\/\/DID/,
  ],
  ['torrent', { trackers: ['udp://tracker.example.org'] }, 'trackers/0', /object/],
  ['torrent', { metainfoUrls: [{ url: 'https://a.example' }] }, 'metainfoUrls/0/sha256', /Missing required/],
  ['webseed', { subject: { uri: datasetUri } }, 'subject/infoHashV1', /at least one infohash/],
  ['webseed', { subject: missing }, 'subject', /Missing required/],
  ['webseed', { url: 'ftp://example.org/a' }, 'url', /HTTP/],
  ['assessment', { subject: {} }, 'subject', /is empty/],
  ['assessment', { subject: { identifiers: [] } }, 'subject', /is empty/],
  ['assessment', { subject: { uri: 'at://ann.example/app.example.thing/1' } }, 'subject/uri', /at:\/\/DID/],
  ['assessment', { risk: { reason: 'none' } }, 'risk/level', /Missing required/],
  ['assessment', { assessedAt: '2026' }, 'assessedAt', /datetime/],
  ['assessment', { createdAt: missing }, 'createdAt', /Missing required/],
  ['profile', { avatar: blob('image/svg+xml') }, 'avatar/mimeType', /image\/png/],
  ['profile', { avatar: blob('image/png', 1_000_001) }, 'avatar', /too big/],
]

test.each(bad)('%s with %j is refused at %s', (name, change, field, message) => {
  const checked = check(name, change)
  expect(checked).toEqual({ ok: false, field, message: expect.stringMatching(message) })
  expect(!checked.ok && checked.message.startsWith(field)).toBe(true)
})

test.each([[null], ['text'], [7], [[]], [{ a: { $link: 5 } }]])('refuses %j as a record', (value) => {
  expect(validateRecordJson(collections.dataset, value)).toMatchObject({ ok: false })
})

test('accepts fields and values of a later version of the lexicon', () => {
  const later = { risk: { level: 'under-siege' }, moonPhase: 'full', sensitivity: { kind: 'sacred' } }
  expect(check('dataset', later)).toMatchObject({ ok: true, record: later })
})

test('warns of a field of a valid record that cannot be read', () => {
  const change = {
    issued: 'last spring',
    temporal: { start: '1920/1880' },
    identifiers: [{ scheme: 'doi', value: 'none' }],
    spatial: { box: { west: '0', south: '50', east: '10', north: '40' } },
  }
  const checked = check('dataset', change)
  expect(checked.ok && recordWarnings(collections.dataset, checked.record)).toEqual([
    { code: 'invalid-date', field: 'issued', message: expect.stringContaining('"last spring" is not EDTF') },
    { code: 'invalid-date', field: 'temporal/start', message: expect.stringContaining('1920/1880') },
    {
      code: 'invalid-identifier',
      field: 'identifiers/0',
      message: 'identifiers/0: "none" is not a valid doi',
    },
    { code: 'invalid-box', field: 'spatial/box', message: expect.stringContaining('not a box') },
  ])
})

test('record keys have the format of their collection', () => {
  expect(isRecordKey(collections.dataset, 'noaa-tides')).toBe(true)
  expect(isRecordKey(collections.dataset, 'no/slash')).toBe(false)
  expect(isRecordKey(collections.webseed, '3jzfcijpj2z2a')).toBe(true)
  expect(isRecordKey(collections.webseed, 'mine')).toBe(false)
  expect(isRecordKey(collections.profile, 'self')).toBe(true)
  expect(isRecordKey(collections.profile, 'other')).toBe(false)
})

function check(name: CollectionName, change: Record<string, unknown>) {
  const json = { $type: collections[name], createdAt, ...good[name], ...change }
  return validateRecordJson(collections[name], JSON.parse(JSON.stringify(json)))
}
