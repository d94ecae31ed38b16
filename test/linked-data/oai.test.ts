/** OAI-PMH as a harvester reads it that is not ours: Debian's HTTP::OAI (libhttp-oai-perl). */
import { execFile, spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { openEmbedded, testBackends } from '@holdfast/appview/catalog/test-backends'
import { XMLParser, XMLValidator } from 'fast-xml-parser'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type IndexUnderTest, startIndex, uriOf } from '../appview/index-under-test.ts'
import { sampleTorrent } from '../appview/sample-torrent.ts'

const alice = 'did:plc:alicealicealicealice1234'
const bob = 'did:plc:bobbobbobbobbobbobbob123'
const hostile = '<script>alert(1)</script> & "quotes" \u0001\uFFFE ]]> é 漢 \u{1F40B}'
const hasHarvester = spawnSync('perl', ['-MHTTP::OAI', '-e', '1']).status === 0
const prefixes = ['oai_dc', 'oai_datacite']
const torrent = sampleTorrent('sea-ice', ['a.csv', 'b.csv'])

describe.each(testBackends())('OAI-PMH over $name', ({ open }) => {
  let index: IndexUnderTest
  const ice = uriOf(alice, 'dataset', 'ice')
  const gone = uriOf(alice, 'dataset', 'gone')
  beforeAll(async () => {
    index = await startIndex({ open, env: { HOLDFAST_ABUSE_CONTACT: 'desk@index.example.org' } })
    await index.write(alice, [
      {
        put: 'dataset',
        rkey: 'ice',
        record: {
          title: `Sea ice ${hostile}`,
          description: `Extent ${hostile}`,
          creators: [{ name: 'A. Person' }],
          publisher: { name: 'The Institute' },
          identifiers: [{ scheme: 'doi', value: '10.5061/dryad.8515' }],
          license: { spdx: 'CC0-1.0' },
          issued: '2011-06',
          spatial: { name: 'Arctic', box: { west: '-180', south: '60', east: '180', north: '90' } },
        },
      },
      { put: 'dataset', rkey: 'gone', record: { title: 'Gone' } },
      { put: 'dataset', rkey: 'bare', record: { title: 'Bare' } },
      { put: 'torrent', rkey: 'ice', record: { ...torrent.record, datasets: [{ uri: ice }] } },
    ])
    await index.verify(new Map([[torrent.blobCid, torrent.bytes]]))
    await index.write(alice, [{ delete: 'dataset', rkey: 'gone' }])
    await index.write(bob, [{ put: 'dataset', rkey: 'hidden', record: { title: 'Hidden' } }])
    await index.apply({ accounts: [{ did: bob, active: false, status: 'suspended' } as never] })
  })
  afterAll(() => index[Symbol.asyncDispose]())

  async function ask(query: string, post = false) {
    const response = post
      ? await fetch(`${index.url}/oai`, { method: 'POST', body: new URLSearchParams(query) })
      : await fetch(`${index.url}/oai?${query}`)
    const body = await response.text()
    expect(response.status, body).toBe(200)
    expect(response.headers.get('content-type')).toContain('text/xml')
    expect(XMLValidator.validate(body)).toBe(true)
    return parser.parse(body)['OAI-PMH'] as Answer
  }

  test('Identify, by GET and by POST', async () => {
    for (const post of [false, true]) {
      const { Identify } = await ask('verb=Identify', post)
      expect(Identify).toMatchObject({
        protocolVersion: '2.0',
        adminEmail: 'desk@index.example.org',
        deletedRecord: 'transient',
        granularity: 'YYYY-MM-DDThh:mm:ssZ',
        earliestDatestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
      })
    }
  })

  test('formats, of the archive and of a record', async () => {
    for (const query of ['verb=ListMetadataFormats', `verb=ListMetadataFormats&identifier=${ice}`]) {
      const { ListMetadataFormats } = await ask(query)
      expect(ListMetadataFormats?.metadataFormat.map(({ metadataPrefix }) => metadataPrefix)).toEqual(
        prefixes,
      )
    }
  })

  test('a record in Dublin Core, with its magnet link', async () => {
    const { GetRecord } = await ask(`verb=GetRecord&metadataPrefix=oai_dc&identifier=${ice}`)
    const dc = GetRecord!.record[0]!.metadata!['oai_dc:dc'] as Record<string, unknown>
    expect(dc['dc:title']).toBe(`Sea ice ${hostile.replace('\u0001', '\uFFFD').replace('\uFFFE', '\uFFFD')}`)
    expect(dc).toMatchObject({
      'dc:date': '2011-06',
      'dc:rights': 'CC0-1.0',
      'dc:publisher': 'The Institute',
    })
    expect(dc['dc:identifier']).toEqual(
      expect.arrayContaining([
        ice,
        'https://doi.org/10.5061/dryad.8515',
        expect.stringContaining(`magnet:?xt=urn:btih:${torrent.infoHashV1}`),
      ]),
    )
  })

  test('a record in DataCite; what a bare one lacks is said to be unknown', async () => {
    const of = async (identifier: string) => {
      const { GetRecord } = await ask(`verb=GetRecord&metadataPrefix=oai_datacite&identifier=${identifier}`)
      const wrapped = GetRecord!.record[0]!.metadata!.oai_datacite as {
        payload: { resource: Record<string, unknown> }
      }
      return wrapped.payload.resource
    }
    expect(await of(ice)).toMatchObject({
      identifier: { '#text': '10.5061/dryad.8515', '@identifierType': 'DOI' },
      creators: { creator: { creatorName: 'A. Person' } },
      publicationYear: '2011',
      geoLocations: { geoLocation: { geoLocationBox: { northBoundLatitude: '90' } } },
    })
    expect(await of(uriOf(alice, 'dataset', 'bare'))).toMatchObject({
      identifier: { '@identifierType': 'URL' },
      creators: { creator: { creatorName: '(:unav)' } },
      publisher: '(:unav)',
    })
  })

  test('what was deleted or hidden is told as deleted, and nothing of it', async () => {
    const { ListRecords } = await ask('verb=ListRecords&metadataPrefix=oai_dc')
    const stands = Object.fromEntries(
      ListRecords!.record.map(({ header, metadata }) => [
        header.identifier,
        header['@status'] ?? Object.keys(metadata!)[0],
      ]),
    )
    expect(stands).toEqual({
      [ice]: 'oai_dc:dc',
      [uriOf(alice, 'dataset', 'bare')]: 'oai_dc:dc',
      [gone]: 'deleted',
      [uriOf(bob, 'dataset', 'hidden')]: 'deleted',
    })
    const { GetRecord } = await ask(`verb=GetRecord&metadataPrefix=oai_dc&identifier=${gone}`)
    expect(GetRecord!.record[0]).toMatchObject({ header: { '@status': 'deleted' } })
    expect(GetRecord!.record[0]!.metadata).toBeUndefined()
  })

  test('a torrent that is verified later brings the record back to who asks since then', async () => {
    const { ListIdentifiers } = await ask('verb=ListIdentifiers&metadataPrefix=oai_dc')
    const stamps = ListIdentifiers!.header.map(({ datestamp }) => datestamp)
    expect(stamps).toEqual(stamps.toSorted())
    const [first] = stamps
    const { error } = await ask(`verb=ListIdentifiers&metadataPrefix=oai_dc&until=2001-01-01`)
    expect(error).toMatchObject({ '@code': 'noRecordsMatch' })
    const since = await ask(`verb=ListIdentifiers&metadataPrefix=oai_dc&from=${first}&until=${stamps.at(-1)}`)
    expect(since.ListIdentifiers!.header).toHaveLength(4)
  })

  test.each([
    ['', 'badVerb'],
    ['verb=Nonsense', 'badVerb'],
    ['verb=Identify&verb=Identify', 'badVerb'],
    ['verb=constructor', 'badVerb'],
    ['verb=Identify&identifier=x', 'badArgument'],
    ['verb=GetRecord&metadataPrefix=oai_dc', 'badArgument'],
    ['verb=GetRecord&metadataPrefix=oai_dc&identifier=a&identifier=b', 'badArgument'],
    ['verb=GetRecord&metadataPrefix=oai_dc&identifier=', 'badArgument'],
    ['verb=ListRecords', 'badArgument'],
    ['verb=ListRecords&metadataPrefix=oai_dc&resumptionToken=x', 'badArgument'],
    ['verb=ListRecords&metadataPrefix=oai_dc&from=yesterday', 'badArgument'],
    ['verb=ListRecords&metadataPrefix=oai_dc&from=2026-02-30', 'badArgument'],
    ['verb=ListRecords&metadataPrefix=oai_dc&from=2026-01-01T00:00:00.000Z', 'badArgument'],
    ['verb=ListRecords&metadataPrefix=oai_dc&from=2026-01-01%00', 'badArgument'],
    ['verb=ListRecords&metadataPrefix=oai_dc&from=2026-01-01&until=2026-01-02T00:00:00Z', 'badArgument'],
    ['verb=ListRecords&metadataPrefix=oai_dc&from=2026-01-02&until=2026-01-01', 'badArgument'],
    ['verb=ListRecords&metadataPrefix=marc21', 'cannotDisseminateFormat'],
    [`verb=GetRecord&metadataPrefix=%00&identifier=${ice}`, 'cannotDisseminateFormat'],
    ['verb=GetRecord&metadataPrefix=oai_dc&identifier=at://nobody/x/y', 'idDoesNotExist'],
    ['verb=GetRecord&metadataPrefix=oai_dc&identifier=%00%ff%ed%a0%80', 'idDoesNotExist'],
    [`verb=ListMetadataFormats&identifier=${'x'.repeat(10_000)}`, 'idDoesNotExist'],
    ['verb=ListSets', 'noSetHierarchy'],
    ['verb=ListSets&resumptionToken=x', 'noSetHierarchy'],
    ['verb=ListRecords&metadataPrefix=oai_dc&set=x', 'noSetHierarchy'],
    ['verb=ListRecords&resumptionToken=x', 'badResumptionToken'],
    ['verb=ListRecords&resumptionToken=%00', 'badResumptionToken'],
    [`verb=ListRecords&resumptionToken=${token('oai ListIdentifiers', 'oai_dc')}`, 'badResumptionToken'],
    [
      `verb=ListRecords&resumptionToken=${token('oai ListRecords', 'oai_dc', '2026-99-99')}`,
      'badResumptionToken',
    ],
    ['verb=ListRecords&metadataPrefix=oai_dc&from=0000-01-01&until=0000-01-02', 'noRecordsMatch'],
    ['verb=ListRecords&metadataPrefix=oai_dc&from=9999-12-31&until=9999-12-31', 'noRecordsMatch'],
  ])('%s is %s', async (query, code) => {
    for (const post of [false, true]) {
      const { error, request } = await ask(query, post)
      expect(error, query).toMatchObject({ '@code': code })
      if (code === 'badVerb' || code === 'badArgument') expect(typeof request).toBe('string')
    }
    expect(index.takeFaults()).toEqual([])
  })

  test('a body that is too large or of another kind is refused or passed over, not our fault', async () => {
    const post = (body: string, type: string) =>
      fetch(`${index.url}/oai`, { method: 'POST', body, headers: { 'content-type': type } })
    expect((await post('x'.repeat(30_000), 'application/x-www-form-urlencoded')).status).toBe(413)
    expect(await (await post('{}', 'application/json')).text()).toContain('badVerb')
    expect((await post('verb=Identify', 'application/x-www-form-urlencoded; charset=nonsense')).status).toBe(
      415,
    )
    expect(index.takeFaults()).toEqual([])
  })
})

describe('harvested by HTTP::OAI', () => {
  let index: IndexUnderTest
  beforeAll(async () => {
    index = await startIndex({ open: openEmbedded })
    // The answer names the address that the harvester came to.
    const puts = Array.from({ length: 330 }, (_, i) => ({
      put: 'dataset' as const,
      rkey: `d${i}`,
      record: { title: `Dataset ${i} ${hostile}` },
    }))
    await index.write(alice, puts.slice(0, 200))
    await index.write(alice, puts.slice(200))
    await index.write(alice, [{ delete: 'dataset', rkey: 'd0' }])
  })
  afterAll(() => index[Symbol.asyncDispose]())

  const harvest = async (...args: string[]) => {
    const script = fileURLToPath(new URL('./harvest.pl', import.meta.url))
    const { stdout } = await promisify(execFile)('perl', [script, `${index.url}/oai`, ...args], {
      maxBuffer: 1e8,
    })
    return JSON.parse(stdout) as { name: string; pages: number; records: Harvested[] }
  }

  if (!hasHarvester) {
    test('the harvester', () => {
      console.log('left out: libhttp-oai-perl is not installed')
      expect(process.env.CI, 'with CI=true nothing may be left out').toBeUndefined()
    })
    return
  }

  test.each(prefixes)(
    'every record in %s, over several pages, each once, the deleted one too',
    async (prefix) => {
      const { name, pages, records } = await harvest('ListRecords', prefix)
      expect(name).toBe('Holdfast')
      expect(pages).toBe(4)
      expect(records).toHaveLength(330)
      expect(new Set(records.map(({ identifier }) => identifier)).size).toBe(330)
      const deleted = records.filter(({ isDeleted }) => isDeleted)
      expect(deleted.map(({ identifier }) => identifier)).toEqual([uriOf(alice, 'dataset', 'd0')])
      expect(
        records.filter(({ isDeleted }) => !isDeleted).every(({ metadata }) => metadata.includes('Dataset')),
      ).toBe(true)
    },
  )

  test('headers alone come on one page', async () => {
    const { pages, records } = await harvest('ListIdentifiers', 'oai_dc')
    expect({ pages, records: records.length }).toEqual({ pages: 1, records: 330 })
  })
})

interface Harvested {
  identifier: string
  isDeleted: boolean
  metadata: string
}

function token(...parts: string[]): string {
  const [listing, prefix, from = ''] = parts
  const key = [listing, prefix, from, '', '2026-01-01 00:00:00+00', 0, 1]
  return Buffer.from(JSON.stringify(key)).toString('base64url')
}

const parser = new XMLParser({
  ignoreAttributes: false,
  attributeNamePrefix: '@',
  parseTagValue: false,
  isArray: (name) => ['record', 'metadataFormat'].includes(name),
})

interface Header {
  identifier: string
  datestamp: string
  '@status'?: string
}
interface Answer {
  request: unknown
  error?: { '@code': string }
  Identify?: Record<string, string>
  ListMetadataFormats?: { metadataFormat: { metadataPrefix: string }[] }
  GetRecord?: { record: { header: Header; metadata?: Record<string, unknown> }[] }
  ListRecords?: { record: { header: Header; metadata?: Record<string, unknown> }[] }
  ListIdentifiers?: { header: Header[] }
}
