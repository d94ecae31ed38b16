/** Tests each form of linked data by reading it with other people's parsers. */
import { testBackends } from '@holdfast/appview/testing/backends'
import { Store } from 'n3'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type IndexUnderTest, startIndex, uriOf } from '../appview/index-under-test.ts'
import { sampleTorrent } from '../appview/sample-torrent.ts'
import { canonical, readers } from './readers.ts'
import { violations } from './shapes.ts'

const alice = 'did:plc:alicealicealicealice1234'
const bob = 'did:plc:bobbobbobbobbobbobbob123'
const hostile = '<script>alert(1)</script> & "quotes" \\ \u0001\uFFFE ]]> \r\n é 漢 \u{1F40B}'
const createdAt = '2026-03-04T05:06:07.000Z'
const types = { ttl: 'text/turtle', jsonld: 'application/ld+json', rdf: 'application/rdf+xml' } as const
const dcat = 'http://www.w3.org/ns/dcat#'
const dct = 'http://purl.org/dc/terms/'

const full = {
  title: `Sea ice ${hostile}`,
  description: `Extent ${hostile}`,
  creators: [
    { name: 'A. Person', identifiers: [{ scheme: 'orcid', value: '0000-0002-1825-0097' }] },
    { did: bob },
  ],
  publisher: { name: 'The Institute', url: 'https://institute.example.org/', email: 'a b@example.org' },
  contacts: [{ email: 'desk@example.org' }],
  homepage: 'https://institute.example.org/ice>{x}|"',
  identifiers: [{ scheme: 'doi', value: '10.5061/DRYAD.8515' }],
  relatedIdentifiers: [
    { relation: 'Cites', scheme: 'doi', value: '10.1/x y' },
    { relation: 'Cites', scheme: 'rrid', value: 'no address' },
  ],
  license: { spdx: 'CC0-1.0' },
  accessRights: 'Whoever asks',
  keywords: [{ name: 'ice' }, { name: hostile }],
  subjects: [{ label: 'Cryosphere', uri: 'https://vocab.example.org/#a#b' }, { label: 'Sea' }],
  languages: [{ tag: 'en' }, { tag: 'pt-BR' }],
  temporal: { start: '1978/2026-09' },
  issued: '2011-06~',
  modified: '2026-09-01',
  spatial: { name: 'Arctic', box: { west: '-180', south: '60', east: '180', north: '90' } },
  version: '3',
  updateFrequency: 'monthly',
  versionOf: { uri: uriOf(bob, 'dataset', 'hidden') },
  sources: [
    {
      url: 'https://institute.example.org/[ice].zip',
      mediaType: 'application/zip',
      sizeBytes: 123,
      checksums: [{ algorithm: 'sha-256', value: 'ab'.repeat(32) }],
    },
    { url: 'geo:37.78,-122.39', kind: 'web', mediaType: 'GeoTIFF' },
    { url: 'dct:of-a-record', kind: 'web' },
  ],
}

describe.each(testBackends())('linked data over $name', ({ open }) => {
  let index: IndexUnderTest
  const torrent = sampleTorrent('sea-ice', ['a.csv', 'b.csv'])
  const datasets = [{ uri: uriOf(alice, 'dataset', 'ice') }]
  const path = `/dataset/${alice}/ice`
  beforeAll(async () => {
    index = await startIndex({ open, env: { HOLDFAST_PUBLIC_URL: 'https://index.example.org' } })
    await index.write(alice, [
      { put: 'dataset', rkey: 'ice', record: full },
      { put: 'dataset', rkey: 'named.ttl', record: { title: 'Named like a file' } },
      {
        put: 'torrent',
        rkey: torrent.infoHashV1,
        record: { ...torrent.record, datasets, method: hostile },
      },
      {
        put: 'torrent',
        rkey: 'unverified',
        record: { name: 'claimed', infoHashV1: 'f'.repeat(40), datasets },
      },
    ])
    await index.verify(new Map([[torrent.blobCid, torrent.bytes]]))
    await index.write(bob, [{ put: 'dataset', rkey: 'hidden', record: { title: 'Hidden', createdAt } }])
    await index.apply({ accounts: [{ did: bob, active: false, status: 'suspended' } as never] })
  })
  afterAll(() => index[Symbol.asyncDispose]())

  const get = (path: string, headers: Record<string, string> = {}) =>
    fetch(`${index.url}${path}`, { headers, redirect: 'manual' })

  async function graph(path: string, type: string, headers: Record<string, string> = {}) {
    const response = await get(path, headers)
    const text = await response.text()
    expect(response.status, text).toBe(200)
    expect(response.headers.get('content-type')).toContain(type)
    return readers[type]!(text, 'https://base.invalid/')
  }

  test('writes the same graph as Turtle, JSON-LD and RDF/XML', async () => {
    const graphs = await Promise.all(
      Object.entries(types).map(async ([ending, type]) =>
        canonical(await graph(`${path}?format=${ending}`, type)),
      ),
    )
    expect(graphs[0]!.length).toBeGreaterThan(2_000)
    expect(graphs[1]).toBe(graphs[0])
    expect(graphs[2]).toBe(graphs[0])
    expect(graphs[0]).not.toContain('base.invalid')
  })

  test('describes a torrent as a distribution, but not one that is only claimed', async () => {
    const store = new Store(await graph(`${path}.ttl`, types.ttl))
    const page = `https://index.example.org/torrent/${torrent.infoHashV1}`
    const objects = (subject: string, predicate: string) =>
      store.getObjects(subject, predicate, null).map(({ value }) => value)
    expect(objects(page, `${dcat}accessURL`)[0]).toContain(`magnet:?xt=urn:btih:${torrent.infoHashV1}`)
    expect(objects(page, `${dcat}downloadURL`)).toEqual([`${page}.torrent`])
    expect(objects(page, `${dct}license`)).toEqual(['https://spdx.org/licenses/CC0-1.0'])
    const [checksum] = store.getObjects(page, 'http://spdx.org/rdf/terms#checksum', null)
    expect(store.getObjects(checksum!, 'http://spdx.org/rdf/terms#checksumValue', null)[0]).toMatchObject({
      value: torrent.infoHashV1,
    })
    expect(
      store.getQuads(null, null, null, null).some(({ object }) => object.value.includes('f'.repeat(40))),
    ).toBe(false)
    expect(objects(`https://index.example.org${path}#record`, `${dct}identifier`)).toEqual([datasets[0]!.uri])
  })

  test('conforms to DCAT-AP, except for a date that its datatypes cannot express', async () => {
    const store = new Store(await graph('/catalog.ttl', types.ttl))
    expect(await violations(store)).toEqual([`${dct}issued 2011-06~`])
    store.removeQuads(store.getQuads(null, `${dcat}accessURL`, null, null))
    expect(await violations(store)).toContain(`${dcat}accessURL undefined`)
  })

  test.each([
    ['text/turtle', 'text/turtle'],
    ['application/rdf+xml', 'application/rdf+xml'],
    ['application/ld+json, text/html;q=0.9', 'application/ld+json'],
    ['text/html;q=0.5, text/turtle;q=0.6', 'text/turtle'],
    ['text/turtle;q=0, application/*', 'application/ld+json'],
    ['text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8', 'text/html'],
    ['*/*', 'text/html'],
    ['image/png', 'text/html'],
    ['text/turtle;q=nonsense;;;,,/', 'text/html'],
    ['\u00ff', 'text/html'],
  ])('answers Accept: %j with %s', async (accept, type) => {
    const response = await get(path, { accept })
    expect(response.status).toBe(200)
    expect(response.headers.get('content-type')).toContain(type)
    expect(response.headers.get('vary')).toMatch(/\bAccept\b(?!-)/)
  })

  test('the page links to its other formats, in its head and in the Link header', async () => {
    const response = await get(path, { accept: 'text/html' })
    const text = await response.text()
    for (const [ending, type] of Object.entries(types)) {
      const href = `https://index.example.org${path}?format=${ending}`
      expect(text).toContain(`<link rel="alternate" type="${type}" href="${href}">`)
      expect(response.headers.get('link')).toContain(`<${href}>; rel="alternate"; type="${type}"`)
      expect((await get(`${path}?format=${ending}`)).headers.get('content-type')).toContain(type)
    }
  })

  test('the page embeds the same schema.org description', async () => {
    const document = await (await get(`${path}?format=schema.org`)).json()
    const page = await (await get(path)).text()
    const [, embedded] = /<script type="application\/ld\+json">(.+?)<\/script>/s.exec(page) ?? []
    expect(document).toEqual(JSON.parse(embedded!))
    expect(document).toMatchObject({ '@type': 'Dataset', distribution: [{ '@type': 'DataDownload' }] })
  })

  test('serves a record whose key looks like a file name, in all formats', async () => {
    const named = `/dataset/${alice}/named.ttl`
    expect((await get(named, { accept: 'text/html' })).headers.get('content-type')).toContain('text/html')
    const store = new Store(await graph(`${named}.rdf`, types.rdf))
    expect(store.getObjects(`https://index.example.org${named}`, `${dct}title`, null)[0]?.value).toBe(
      'Named like a file',
    )
  })

  test('answers 304 to a request with the ETag', async () => {
    for (const asked of [`${path}.ttl`, '/catalog.rdf']) {
      const etag = (await get(asked)).headers.get('etag') ?? ''
      const again = await get(asked, { 'if-none-match': etag, 'cache-control': 'max-age=0' })
      expect(again.status, asked).toBe(304)
    }
  })

  test('what is not visible is a 404 in every format', async () => {
    for (const ending of Object.keys(types)) {
      expect((await get(`/dataset/${bob}/hidden.${ending}`)).status).toBe(404)
      expect((await get(`/dataset/${bob}/hidden?format=${ending}`)).status).toBe(404)
      expect(await (await get(`/catalog.${ending}`)).text()).not.toContain('Hidden')
    }
  })

  test('a request without a meaning is a 400 or 404 with a name, never a 500', async () => {
    for (const query of [
      `${path}?format=docx`,
      `${path}?format=`,
      '/catalog?format=html',
      '/catalog.ttl?cursor=nonsense',
      '/catalog.ttl?cursor=',
      `/catalog.ttl?cursor=${Buffer.from('["catalog","2026-02-30 00:00:00+00",0,1]').toString('base64url')}`,
      `/catalog.ttl?cursor=${Buffer.from('["oai","2026-02-03 00:00:00+00",0,1]').toString('base64url')}`,
      '/catalog.ttl?cursor=%00',
    ]) {
      const response = await get(query)
      expect(response.status, query).toBe(400)
      expect(await response.json(), query).toMatchObject({ error: 'InvalidRequest' })
    }
    for (const missing of [
      '%00',
      'a%00b.ttl',
      '%ff',
      '..%2f',
      '漢.ttl',
      `${'x'.repeat(3_000)}.ttl`,
      '.ttl',
    ]) {
      const response = await get(`/dataset/${alice}/${missing}?format=ttl`)
      expect([400, 404], missing).toContain(response.status)
    }
    expect((await get('/dataset/nobody.example.org/x.ttl')).status).toBe(404)
    expect((await get('/catalog.docx')).status).toBe(404)
    expect(index.takeFaults()).toEqual([])
  })
})

describe.each(testBackends())('the catalog in pages over $name', ({ open }) => {
  test('lists every dataset once, even if it changes meanwhile', async () => {
    await using index = await startIndex({ open, env: { HOLDFAST_PUBLIC_URL: 'https://index.example.org' } })
    const put = (i: number, title = `Dataset ${i}`) => ({
      put: 'dataset' as const,
      rkey: `d${i}`,
      record: { title },
    })
    await index.write(
      alice,
      Array.from({ length: 150 }, (_, i) => put(i)),
    )
    await index.write(
      alice,
      Array.from({ length: 75 }, (_, i) => put(150 + i)),
    )
    const sizes: number[] = []
    const titles: string[] = []
    let next: string | undefined = '/catalog.ttl'
    while (next) {
      const response = await fetch(index.url + next)
      const store = new Store(await readers[types.ttl]!(await response.text(), 'https://base.invalid/'))
      const listed = store.getObjects('https://index.example.org/catalog', `${dcat}dataset`, null)
      sizes.push(listed.length)
      titles.push(...listed.flatMap((one) => store.getObjects(one, `${dct}title`, null)[0]?.value ?? []))
      const [follow] = store.getObjects(null, 'http://www.w3.org/ns/hydra/core#next', null)
      const [, linked] = /<([^>]+)>; rel="next"/.exec(response.headers.get('link') ?? '') ?? []
      expect(follow?.value).toBe(linked)
      next = linked?.replace('https://index.example.org', '')
      if (sizes.length === 1) await index.write(alice, [put(0, 'Changed')])
    }
    expect(sizes).toEqual([100, 100, 26])
    expect(new Set(titles).size).toBe(226)
    expect(titles.at(-1)).toBe('Changed')
    expect(index.takeFaults()).toEqual([])
  })

  test('a page of huge records is short', async () => {
    await using index = await startIndex({ open })
    const description = 'x'.repeat(49_000)
    const related = Array.from({ length: 2_000 }, (_, i) => ({
      relation: 'Cites',
      scheme: 'uri',
      value: `https://example.org/${i}/${'y'.repeat(400)}`,
    }))
    await index.write(
      alice,
      Array.from({ length: 12 }, (_, i) => ({
        put: 'dataset' as const,
        rkey: `d${i}`,
        record: { title: `Dataset ${i}`, description, relatedIdentifiers: related },
      })),
    )
    const response = await fetch(`${index.url}/catalog.jsonld`)
    const document = (await response.json()) as { '@graph': [{ 'dcat:dataset': unknown[] }] }
    expect(document['@graph'][0]['dcat:dataset'].length).toBeLessThan(6)
    expect(response.headers.get('link')).toContain('rel="next"')
  })
})
