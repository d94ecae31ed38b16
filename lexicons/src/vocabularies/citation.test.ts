import { expect, test } from 'vitest'
import type { dataset } from '../index.ts'
import { citations, citedInfoHashes } from './citation.ts'

const record = {
  title: 'Sea ice & {everything}',
  creators: [{ name: 'Fetterer, F.' }, { name: 'National Ice_Data Center' }],
  publisher: { name: 'NIDC' },
  identifiers: [{ scheme: 'doi', value: 'https://doi.org/10.7265/N5K072F8' }],
  issued: '2017-03',
  version: '3.0',
} as dataset.Main

const uri = 'at://did:plc:aaaaaaaaaaaaaaaaaaaaaaaa/org.holdfast.dataset/sea_ice'
const of = (given: dataset.Main) =>
  Object.fromEntries(
    citations({ uri, record: given, url: 'https://index.example/dataset/x', infoHashes: ['ab'] }).map(
      ({ format, text }) => [format, text],
    ),
  )

test('cites in APA style', () => {
  expect(of(record).APA).toBe(
    'Fetterer, F., & National Ice_Data Center. (2017). Sea ice & {everything} (Version 3.0) [Data set]. NIDC. https://doi.org/10.7265/N5K072F8 (at://did:plc:aaaaaaaaaaaaaaaaaaaaaaaa/org.holdfast.dataset/sea_ice; BitTorrent infohash ab)',
  )
})

test('escapes in BibTeX what TeX would interpret', () => {
  expect(of(record).BibTeX).toBe(`@misc{fetterer2017,
  title = {{Sea ice \\& \\{everything\\}}},
  author = {{Fetterer, F.} and {National Ice\\_Data Center}},
  year = {2017},
  version = {3.0},
  publisher = {NIDC},
  doi = {10.7265/N5K072F8},
  note = {at://did:plc:aaaaaaaaaaaaaaaaaaaaaaaa/org.holdfast.dataset/sea\\_ice; BitTorrent infohash ab},
  url = {https://doi.org/10.7265/N5K072F8}
}`)
})

test('writes one line for each RIS tag, whatever the title contains', () => {
  const ris = of({ ...record, title: 'two\nlines\r\nER  - ' }).RIS!
  expect(ris.split('\n')).toEqual([
    'TY  - DATA',
    'TI  - two lines ER -',
    'AU  - Fetterer, F.',
    'AU  - National Ice_Data Center',
    'PY  - 2017',
    'ET  - 3.0',
    'PB  - NIDC',
    'DO  - 10.7265/N5K072F8',
    'UR  - https://doi.org/10.7265/N5K072F8',
    `AN  - ${uri}`,
    'N1  - BitTorrent infohash ab',
    'ER  - ',
  ])
})

test('cites a record that has only a title', () => {
  const bare = of({ title: 'Untold' } as dataset.Main)
  expect(bare.APA).toBe(
    'Untold [Data set]. (n.d.). https://index.example/dataset/x (at://did:plc:aaaaaaaaaaaaaaaaaaaaaaaa/org.holdfast.dataset/sea_ice; BitTorrent infohash ab)',
  )
  expect(bare.BibTeX).toContain('@misc{datasetuntold,')
})

test('writes CSL-JSON that Zotero and pandoc read', () => {
  expect(JSON.parse(of(record)['CSL-JSON']!)).toEqual([
    {
      id: 'fetterer2017',
      type: 'dataset',
      title: 'Sea ice & {everything}',
      author: [{ literal: 'Fetterer, F.' }, { literal: 'National Ice_Data Center' }],
      issued: { 'date-parts': [[2017, 3]] },
      version: '3.0',
      publisher: 'NIDC',
      DOI: '10.7265/N5K072F8',
      URL: 'https://doi.org/10.7265/N5K072F8',
      archive: 'AT Protocol',
      archive_location: uri,
      note: 'BitTorrent infohash ab',
    },
  ])
})

test('a version is identified by torrents that their author has not superseded', () => {
  const [own, other] = ['did:plc:own', 'did:plc:other']
  const torrents = [
    { author: { did: own }, infoHashV1: 'a', supersededBy: [{ uri: `at://${own}/c/b` }] },
    { author: { did: own }, infoHashV1: 'b', infoHashV2: 'b2', supersededBy: [{ uri: `at://${other}/c/x` }] },
    { author: { did: other }, infoHashV2: 'b2' },
  ]
  expect(citedInfoHashes(torrents as never)).toEqual(['b2'])
})
