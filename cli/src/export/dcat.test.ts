import { expect, test } from 'vitest'
import { importEntry, readCatalog } from '../import/catalog.ts'
import { toDcat } from './dcat.ts'
import { describedTorrent } from './exported-dataset.ts'

const did = 'did:plc:aaaaaaaaaaaaaaaaaaaaaaaa'
const createdAt = '2026-01-02T03:04:05.000Z'

const record = {
  title: 'Sea ice',
  description: 'Monthly extent.',
  creators: [{ name: 'A. Person', identifiers: [{ scheme: 'orcid', value: '0000-0002-1825-0097' }] }],
  publisher: { name: 'The Institute', url: 'https://institute.example.org/' },
  contacts: [{ name: 'Desk', email: 'desk@example.org' }],
  homepage: 'https://institute.example.org/ice',
  identifiers: [{ scheme: 'doi', value: '10.5061/dryad.8515' }],
  license: { spdx: 'CC0-1.0', url: 'https://spdx.org/licenses/CC0-1.0' },
  accessRights: 'Whoever asks',
  citation: 'Person, A.: Sea ice',
  keywords: [{ name: 'ice' }, { name: 'sea' }],
  subjects: [{ label: 'Cryosphere', uri: 'https://vocab.example.org/cryosphere' }],
  languages: [{ tag: 'en' }, { tag: 'pt-BR' }],
  temporal: { start: '1978', end: '2026-09' },
  issued: '2011-06~',
  modified: '2026-09-01',
  spatial: { name: 'Arctic', box: { west: '-180', south: '60.5', east: '180', north: '90' } },
  version: '3',
  updateFrequency: 'monthly',
  sources: [
    {
      url: 'https://institute.example.org/ice.zip',
      kind: 'http',
      mediaType: 'application/zip',
      sizeBytes: 123,
      checksums: [{ algorithm: 'sha-256', value: 'ab'.repeat(32) }],
    },
  ],
  createdAt,
}

test('an exported record can be imported again', () => {
  const exported = { uri: `at://${did}/c/ice`, rkey: 'ice', record: record as never, torrents: [] }
  const document = JSON.parse(JSON.stringify(toDcat({ did, handle: undefined }, [exported])))
  const { kind, entries } = readCatalog(document)!
  const { record: back } = importEntry(kind, entries[0], { createdAt })
  const { $type, formats, ...rest } = back as unknown as Record<string, unknown>
  expect(rest).toEqual(record)
})

test('writes a torrent as a distribution, and a source with its best checksum', () => {
  const torrent = describedTorrent(`at://${did}/t/x`, {
    name: 'ice',
    infoHashV1: '1'.repeat(40),
    infoHashV2: '2'.repeat(64),
    createdAt,
  } as never)
  const sources = [
    {
      url: 'https://example.org/a',
      checksums: [
        { algorithm: 'md5', value: 'aa' },
        { algorithm: 'sha-1', value: 'bb' },
      ],
    },
  ]
  const exported = {
    uri: `at://${did}/c/ice`,
    rkey: 'ice',
    record: { title: 'Ice', sources, createdAt } as never,
    torrents: [torrent],
  }
  const document = JSON.parse(JSON.stringify(toDcat({ did, handle: undefined }, [exported])))
  const [source, swarm] = document['dcat:dataset'][0]['dcat:distribution']
  expect(source['spdx:checksum']['spdx:checksumValue']['@value']).toBe('bb')
  expect(swarm['dcat:accessURL']['@id']).toMatch(/^magnet:\?xt=urn:btih:1{40}&xt=urn:btmh:12202{64}/)
  expect(swarm['spdx:checksum']['spdx:checksumValue']['@value']).toBe('2'.repeat(64))
})
