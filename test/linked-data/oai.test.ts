/** Tests OAI-PMH against its rules; `oai-harvest.test.ts` tests it with a harvester. */
import { testBackends } from '@holdfast/appview/testing/backends'
import { XMLParser, XMLValidator } from 'fast-xml-parser'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type IndexUnderTest, startIndex, uriOf } from '../appview/index-under-test.ts'
import { sampleTorrent } from '../appview/sample-torrent.ts'

const alice = 'did:plc:alicealicealicealice1234'
const bob = 'did:plc:bobbobbobbobbobbobbob123'
const hostile = '<script>alert(1)</script> & "quotes" \u0001\uFFFE ]]> é 漢 \u{1F40B}'
const prefixes = ['oai_dc', 'oai_datacite']
const torrent = sampleTorrent('sea-ice', ['a.csv', 'b.csv'])

const hidden = {
  keywords: [{ name: 'secret' }],
  publisher: { name: 'Nobody to be seen' },
  risk: { level: 'extinct' },
}

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
          keywords: [{ name: 'Sea ice' }, { name: 'Île-de-France ~ 100! %: <β>' }],
          risk: { level: 'endangered' },
          identifiers: [{ scheme: 'doi', value: '10.5061/dryad.8515' }],
          license: { spdx: 'CC0-1.0' },
          issued: '2011-06',
          spatial: { name: 'Arctic', box: { west: '-180', south: '60', east: '180', north: '90' } },
        },
      },
      { put: 'dataset', rkey: 'gone', record: { title: 'Gone' } },
      { put: 'torrent', rkey: 'ice', record: { ...torrent.record, datasets: [{ uri: ice }] } },
    ])
    await index.verify(new Map([[torrent.blobCid, torrent.bytes]]))
    await index.write(alice, [{ delete: 'dataset', rkey: 'gone' }])
    const bare = { title: 'Bare', keywords: [{ name: 'sea  ICE' }] }
    await index.write(alice, [{ put: 'dataset', rkey: 'bare', record: bare }])
    await index.write(bob, [{ put: 'dataset', rkey: 'hidden', record: { title: 'Hidden', ...hidden } }])
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

  test('answers Identify by GET and by POST', async () => {
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

  test('lists the formats of the archive and of a record', async () => {
    for (const query of ['verb=ListMetadataFormats', `verb=ListMetadataFormats&identifier=${ice}`]) {
      const { ListMetadataFormats } = await ask(query)
      expect(ListMetadataFormats?.metadataFormat.map(({ metadataPrefix }) => metadataPrefix)).toEqual(
        prefixes,
      )
    }
  })

  test('writes a record in Dublin Core, with its magnet link', async () => {
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

  test('writes a record in DataCite and names what is unknown', async () => {
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

  test('finds a record by its OAI identifier or its AT-URI', async () => {
    const byUri = await ask(`verb=GetRecord&metadataPrefix=oai_dc&identifier=${ice}`)
    const { identifier } = byUri.GetRecord!.record[0]!.header
    expect(atUriOf(identifier)).toBe(ice)
    const again = await ask(`verb=GetRecord&metadataPrefix=oai_dc&identifier=${identifier}`)
    expect(again.GetRecord).toEqual(byUri.GetRecord)
    const elsewhere = identifier.replace('localhost', 'other.example.org')
    const { error } = await ask(`verb=GetRecord&metadataPrefix=oai_dc&identifier=${elsewhere}`)
    expect(error).toMatchObject({ '@code': 'idDoesNotExist' })
  })

  test('lists deleted and hidden records as deleted, without their content', async () => {
    const { ListRecords } = await ask('verb=ListRecords&metadataPrefix=oai_dc')
    const stands = Object.fromEntries(
      ListRecords!.record.map(({ header, metadata }) => [
        atUriOf(header.identifier),
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

  test('a torrent that is verified later changes the date of its dataset', async () => {
    const { ListIdentifiers } = await ask('verb=ListIdentifiers&metadataPrefix=oai_dc')
    const stamps = ListIdentifiers!.header.map(({ datestamp }) => datestamp)
    expect(stamps).toEqual(stamps.toSorted())
    const [first] = stamps
    const { error } = await ask(`verb=ListIdentifiers&metadataPrefix=oai_dc&until=2001-01-01`)
    expect(error).toMatchObject({ '@code': 'noRecordsMatch' })
    const since = await ask(`verb=ListIdentifiers&metadataPrefix=oai_dc&from=${first}&until=${stamps.at(-1)}`)
    expect(since.ListIdentifiers!.header).toHaveLength(4)
  })

  const french = 'keyword.ile-de-france!20!7E!20100!21!20!25!3A!20!3C!CE!B2!3E'

  test('lists the risks, keywords and publishers of visible datasets as sets', async () => {
    const { ListSets } = await ask('verb=ListSets')
    expect(ListSets!.set).toEqual([
      { setSpec: ['risk.endangered'], setName: 'risk: endangered' },
      { setSpec: [french], setName: 'keyword: Île-de-France ~ 100! %: <β>' },
      { setSpec: ['keyword.sea!20ice'], setName: 'keyword: Sea ice' },
      { setSpec: ['publisher.the!20institute'], setName: 'publisher: The Institute' },
    ])
    const { GetRecord } = await ask(`verb=GetRecord&metadataPrefix=oai_dc&identifier=${ice}`)
    expect(GetRecord!.record[0]!.header.setSpec!.toSorted()).toEqual(
      ListSets!.set.flatMap(({ setSpec }) => setSpec).toSorted(),
    )
  })

  test('lists deleted records in every set', async () => {
    const of = async (set: string) => {
      const { ListIdentifiers } = await ask(`verb=ListIdentifiers&metadataPrefix=oai_dc&set=${set}`)
      const { header } = ListIdentifiers!
      const present = header.filter((each) => each['@status'] === undefined)
      expect(header).toHaveLength(present.length + 2)
      return present.map(({ identifier }) => atUriOf(identifier)).toSorted()
    }
    const bare = uriOf(alice, 'dataset', 'bare')
    expect(await of('risk.endangered')).toEqual([ice])
    expect(await of('risk.extinct')).toEqual([])
    expect(await of('publisher.the!20institute')).toEqual([ice])
    expect(await of(french)).toEqual([ice])
    expect(await of('keyword.sea!20ice')).toEqual([bare, ice])
    expect(await of('keyword.secret')).toEqual([])
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
    ['verb=ListSets&resumptionToken=x', 'badResumptionToken'],
    [`verb=ListSets&resumptionToken=${cursor('oai ListSets', 'risk', 'a')}`, 'badResumptionToken'],
    [`verb=ListSets&resumptionToken=${cursor('oai ListSets', 'keyword', 5)}`, 'badResumptionToken'],
    ['verb=ListRecords&metadataPrefix=oai_dc&set=x', 'badArgument'],
    ['verb=ListRecords&metadataPrefix=oai_dc&set=risk.mild', 'badArgument'],
    ['verb=ListRecords&metadataPrefix=oai_dc&set=keyword.', 'badArgument'],
    ['verb=ListRecords&metadataPrefix=oai_dc&set=keyword.Sea!20ice', 'badArgument'],
    ['verb=ListRecords&metadataPrefix=oai_dc&set=keyword.!ff', 'badArgument'],
    ['verb=ListRecords&metadataPrefix=oai_dc&set=keyword.%00', 'badArgument'],
    [`verb=ListRecords&metadataPrefix=oai_dc&set=keyword.${'x'.repeat(5_000)}`, 'badArgument'],
    [
      `verb=ListRecords&resumptionToken=${token('oai ListRecords', 'oai_dc', '', 'keyword.!')}`,
      'badResumptionToken',
    ],
    ['verb=ListRecords&metadataPrefix=oai_dc&set=keyword.nobody&until=2001-01-01', 'noRecordsMatch'],
    ['verb=ListRecords&resumptionToken=x', 'badResumptionToken'],
    ['verb=ListRecords&resumptionToken=%00', 'badResumptionToken'],
    [`verb=ListRecords&resumptionToken=${token('oai ListIdentifiers', 'oai_dc')}`, 'badResumptionToken'],
    [
      `verb=ListRecords&resumptionToken=${token('oai ListRecords', 'oai_dc', '2026-99-99')}`,
      'badResumptionToken',
    ],
    ['verb=ListRecords&metadataPrefix=oai_dc&from=0000-01-01&until=0000-01-02', 'noRecordsMatch'],
    ['verb=ListRecords&metadataPrefix=oai_dc&from=9999-12-31&until=9999-12-31', 'noRecordsMatch'],
  ])('%s is answered with %s', async (query, code) => {
    for (const post of [false, true]) {
      const { error, request } = await ask(query, post)
      expect(error, query).toMatchObject({ '@code': code })
      if (code === 'badVerb' || code === 'badArgument') expect(typeof request).toBe('string')
    }
    expect(index.takeFaults()).toEqual([])
  })

  test('refuses or ignores a body that is too large or of another type', async () => {
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

function token(listing: string, prefix: string, from = '', set = ''): string {
  return cursor(listing, prefix, from, '', set, '2026-01-01 00:00:00+00', 0, 1)
}

function cursor(...key: (string | number)[]): string {
  return Buffer.from(JSON.stringify(key)).toString('base64url')
}

const parser = new XMLParser({
  ignoreAttributes: false,
  attributeNamePrefix: '@',
  parseTagValue: false,
  isArray: (name) => ['record', 'metadataFormat', 'set', 'setSpec'].includes(name),
})

interface Header {
  identifier: string
  datestamp: string
  setSpec?: string[]
  '@status'?: string
}
/** An identifier of this archive is a URI by RFC 3986 and contains the AT-URI of its record. */
function atUriOf(identifier: string): string {
  expect(identifier).toMatch(/^oai:localhost:did:plc:\w+\/[\w.-]+\/[\w.~:-]+$/)
  expect(URL.canParse(identifier)).toBe(true)
  return identifier.replace('oai:localhost:', 'at://')
}

interface Answer {
  request: unknown
  error?: { '@code': string }
  Identify?: Record<string, string>
  ListMetadataFormats?: { metadataFormat: { metadataPrefix: string }[] }
  GetRecord?: { record: { header: Header; metadata?: Record<string, unknown> }[] }
  ListRecords?: { record: { header: Header; metadata?: Record<string, unknown> }[] }
  ListIdentifiers?: { header: Header[] }
  ListSets?: { set: { setSpec: string[]; setName: string }[] }
}
