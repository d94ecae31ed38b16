import { collections } from '@holdfast/lexicons/nsid'
import { validateRecord } from '@holdfast/lexicons/validate'
import { expect, test } from 'vitest'
import { importEntry, readCatalog } from '../catalog.ts'

const createdAt = '2026-11-20T12:00:00.000Z'
const [v1, v2] = ['a'.repeat(40), 'b'.repeat(64)]

/** An entry with every field that SciOp's API gives. */
const sciopEntry = {
  title: 'Sea surface temperatures',
  slug: 'sst',
  publisher: 'NOAA',
  homepage: 'https://example.gov/sst',
  description: 'Monthly **means**.',
  description_html: '<p>Monthly <strong>means</strong>.</p>',
  dataset_created_at: '2001-02-03T00:00:00Z',
  dataset_updated_at: '2025-01-20T00:00:00Z',
  source_type: 'http',
  source_available: false,
  last_seen_at: '2025-02-01T10:00:00Z',
  source_access: 'public',
  scarcity: 'uploaded',
  threat: 'takedown_issued',
  is_approved: true,
  is_removed: false,
  scrape_status: 'completed',
  tags: ['climate', 'noaa'],
  urls: ['https://example.gov/sst/data.zip'],
  external_identifiers: [{ type: 'doi', identifier: '10.1234/SST' }],
  external_sources: [{ source: 'A university', url: 'https://u.example/sst', description: 'complete' }],
  uploads: [
    {
      method: 'wget',
      method_html: '<p>wget</p>',
      description: 'All of 2024.',
      account: 'rescuer',
      dataset: 'sst',
      torrent: {
        file_name: 'sst 2024.torrent',
        v1_infohash: v1,
        v2_infohash: v2,
        webseeds: [{ url: 'https://seed.example/', status: 'validated', account: 'rescuer' }],
      },
    },
    { method: 'lost', account: 'rescuer', torrent: null },
  ],
}

test('a dataset of SciOp keeps its judgments in our terms', () => {
  const page = { items: [sciopEntry], total: 1, page: 1, size: 50, pages: 1 }
  const { kind, entries } = readCatalog(page)!
  const address = 'https://sciop.example/api/v1/datasets/?page=1'
  const { rkey, record, torrents } = importEntry(kind, entries[0], { createdAt, address })
  expect(kind).toBe('sciop')
  expect(validateRecord(collections.dataset, record)).toMatchObject({ ok: true })
  expect(rkey).toBe('sst')
  expect(record).toMatchObject({
    title: 'Sea surface temperatures',
    publisher: { name: 'NOAA' },
    issued: '2001-02-03T00:00:00Z',
    risk: { level: 'takedown-issued', expectedGone: '2025-02-01T10:00:00Z' },
    scarcity: 'preserved',
    keywords: [{ name: 'climate' }, { name: 'noaa' }],
    identifiers: [
      { scheme: 'doi', value: '10.1234/sst' },
      { scheme: 'uri', value: 'https://sciop.example/datasets/sst' },
    ],
    sources: [
      { url: 'https://example.gov/sst/data.zip', kind: 'http', access: 'public', status: 'removed' },
      { url: 'https://u.example/sst', title: 'A university', description: 'complete' },
    ],
  })
  expect(torrents).toEqual([
    {
      infoHashes: [v1, v2],
      url: `https://sciop.example/torrents/${v2}/sst%202024.torrent`,
      webseeds: ['https://seed.example/'],
      about: {
        method: `wget\n\nAll of 2024.\n\nFrom https://sciop.example/uploads/${v2}, uploaded by rescuer.`,
      },
    },
  ])
})

test('a level of SciOp that says nothing definite becomes unknown, with its words as the reason', () => {
  const { record } = importEntry('sciop', { ...sciopEntry, threat: 'indefinite' }, { createdAt })
  expect(record.risk).toMatchObject({ level: 'unknown', reason: expect.stringContaining('indefinite') })
})

test('an item of Academic Torrents is described by its BibTeX', () => {
  const item = {
    title: 'Handwritten digits',
    category: 'Dataset',
    infohash: v1.toUpperCase(),
    guid: `https://academictorrents.com/details/${v1}`,
    link: `https://academictorrents.com/details/${v1}`,
    description:
      '@article{, title={Handwritten digits}, author={LeCun, Yann and Cortes, Corinna}, abstract={Scans of digits.}, keywords={ocr, digits}, year={1998}, url={http://yann.example/}, license={CC0-1.0}}',
    size: '11594722',
  }
  const { kind, entries } = readCatalog({ rss: { channel: { title: 'Academic Torrents', item } } })!
  const { record, torrents, leftOver } = importEntry(kind, entries[0], { createdAt })
  expect(kind).toBe('academic-torrents')
  expect(validateRecord(collections.dataset, record)).toMatchObject({ ok: true })
  expect(leftOver).toEqual([])
  expect(record).toMatchObject({
    title: 'Handwritten digits',
    description: 'Scans of digits.',
    creators: [{ name: 'Yann LeCun' }, { name: 'Corinna Cortes' }],
    homepage: 'http://yann.example/',
    keywords: [{ name: 'Dataset' }, { name: 'ocr' }, { name: 'digits' }],
    issued: '1998',
    license: { spdx: 'CC0-1.0' },
    sizeBytes: 11_594_722,
  })
  expect(record.identifiers?.[0]).toEqual({ scheme: 'urn', value: `urn:btih:${v1}` })
  expect(torrents).toMatchObject([
    { infoHashes: [v1], url: `https://academictorrents.com/download/${v1}.torrent` },
  ])
})

test('an event of NIP-35 names its swarm, and tags without a place are left over', () => {
  const event = {
    ...{ id: '1'.repeat(64), pubkey: '2'.repeat(64), kind: 2003, created_at: 1, content: 'Counts.' },
    tags: [
      ['title', 'Birds'],
      ['x', v1.toUpperCase()],
      ['file', 'a.csv', '10'],
      ['file', 'b.csv', '20'],
      ['tracker', 'udp://t.example:80'],
      ['t', 'birds'],
      ['i', 'tcat:data,birds'],
      ['odd', 7],
    ],
  }
  const { kind, entries } = readCatalog([event])!
  const { record, torrents, leftOver } = importEntry(kind, entries[0], { createdAt })
  expect(validateRecord(collections.dataset, record)).toMatchObject({ ok: true })
  expect(record).toMatchObject({ title: 'Birds', sizeBytes: 30, keywords: [{ name: 'birds' }] })
  expect(torrents).toMatchObject([{ infoHashes: [v1], url: undefined, trackers: ['udp://t.example:80'] }])
  expect(leftOver).toEqual([{ field: 'tags/i', value: 'tcat:data,birds' }])
})
