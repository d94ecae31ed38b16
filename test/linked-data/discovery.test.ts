/** Tests what search engines and programs look for first: sitemaps, robots.txt, /.well-known. */
import { testBackends } from '@holdfast/appview/testing/backends'
import { XMLParser, XMLValidator } from 'fast-xml-parser'
import { Store } from 'n3'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type IndexUnderTest, startIndex } from '../appview/index-under-test.ts'
import { sampleTorrent } from '../appview/sample-torrent.ts'
import { canonical, readers } from './readers.ts'

const alice = 'did:plc:alicealicealicealice1234'
const bob = 'did:plc:bobbobbobbobbobbobbob123'
const home = 'https://index.example.org'
const torrent = sampleTorrent('sea-ice', ['a.csv', 'b.csv'])

describe.each(testBackends())('discovery over $name', ({ open }) => {
  let index: IndexUnderTest
  beforeAll(async () => {
    index = await startIndex({ open, env: { HOLDFAST_PUBLIC_URL: home } })
    await index.write(alice, [
      { put: 'dataset', rkey: 'a:b~c', record: { title: 'Ice' } },
      { put: 'dataset', rkey: 'ice', record: { title: 'Ice' } },
      { put: 'torrent', rkey: 'ice', record: torrent.record },
    ])
    await index.verify(new Map([[torrent.blobCid, torrent.bytes]]))
    await index.write(bob, [{ put: 'dataset', rkey: 'hidden', record: { title: 'Hidden' } }])
    await index.apply({ accounts: [{ did: bob, active: false, status: 'suspended' } as never] })
  })
  afterAll(() => index[Symbol.asyncDispose]())

  const get = (path: string, init: RequestInit = {}) => fetch(`${index.url}${path}`, init)

  async function xml(path: string) {
    const response = await get(path)
    const body = await response.text()
    expect(response.status, `${path}: ${body}`).toBe(200)
    expect(XMLValidator.validate(body)).toBe(true)
    return parser.parse(body) as {
      sitemapindex?: { sitemap: { loc: string }[] }
      urlset?: { url: { loc: string; lastmod?: string }[] }
    }
  }

  test('describes the API in OpenAPI and serves each lexicon', async () => {
    const api = (await (await get('/openapi.json')).json()) as { paths: object; servers: { url: string }[] }
    expect(api.servers).toEqual([{ url: home }])
    for (const path of Object.keys(api.paths).filter((path) => !path.includes('.admin.'))) {
      const nsid = path.slice('/xrpc/'.length)
      expect(await (await get(`/lexicons/${nsid}.json`)).json()).toMatchObject({ lexicon: 1, id: nsid })
    }
    expect((await get('/lexicons/..%2Fpackage.json')).status).toBe(404)
  })

  test('lists every visible page in a sitemap', async () => {
    const { sitemapindex } = await xml('/sitemap.xml')
    const found: { loc: string; lastmod?: string }[] = []
    for (const { loc } of sitemapindex!.sitemap) {
      expect(loc.startsWith(`${home}/`)).toBe(true)
      found.push(...(await xml(loc.slice(home.length))).urlset!.url)
    }
    const paths = found.map(({ loc }) => loc.slice(home.length))
    expect(paths.filter((path) => /dataset|torrent/.test(path)).toSorted()).toEqual([
      `/dataset/${alice}/a:b~c`,
      `/dataset/${alice}/ice`,
      `/torrent/${torrent.infoHashV1}`,
    ])
    for (const path of paths) expect((await get(path)).status, path).toBe(200)
    const [dataset] = found.filter(({ loc }) => loc.endsWith('/ice'))
    expect(Math.abs(Date.parse(dataset!.lastmod!) - Date.now())).toBeLessThan(600_000)
  })

  test('robots.txt names the sitemap', async () => {
    const text = await (await get('/robots.txt')).text()
    expect(text.split('\n')).toContain(`Sitemap: ${home}/sitemap.xml`)
  })

  test('a part of a sitemap without entries is a 404', async () => {
    for (const path of [
      'datasets-7',
      'torrents-999999999',
      'datasets--1',
      'datasets-x',
      'datasets-99999999999',
    ])
      expect((await get(`/sitemaps/${path}.xml`)).status, path).toBe(404)
    expect(index.takeFaults()).toEqual([])
  })

  test('the catalog of interfaces (RFC 9727) names only what answers', async () => {
    const response = await get('/.well-known/api-catalog')
    expect(response.headers.get('content-type')).toMatch(/^application\/linkset\+json; *profile="/)
    const { linkset } = (await response.json()) as { linkset: Record<string, { href: string }[]>[] }
    const [catalog, ...interfaces] = linkset
    expect(catalog).toMatchObject({ anchor: `${home}/.well-known/api-catalog` })
    expect(catalog!.item!.map(({ href }) => href)).toEqual(interfaces.map(({ anchor }) => anchor))
    const links = interfaces.flatMap(({ anchor, ...relations }) => Object.values(relations).flat())
    const ours = links.filter(({ href }) => href.startsWith(home))
    expect(ours.length).toBeGreaterThan(5)
    for (const { href } of ours) expect((await get(href.slice(home.length))).status, href).toBe(200)
    for (const path of ['/', '/.well-known/api-catalog'])
      expect((await get(path, { method: 'HEAD' })).headers.get('link')).toContain('rel="api-catalog"')
  })

  test('VoID says where to begin, and has the same content in each format', async () => {
    const graphs: string[] = []
    for (const [type, read] of Object.entries(readers)) {
      const response = await get('/.well-known/void', { headers: { accept: type } })
      expect(response.headers.get('content-type')).toContain(type)
      expect(response.headers.get('vary')).toMatch(/\bAccept\b(?!-)/)
      const quads = await read(await response.text(), 'https://base.invalid/')
      graphs.push(await canonical(quads))
      const [root] = new Store(quads).getObjects(null, 'http://rdfs.org/ns/void#rootResource', null)
      expect((await get(root!.value.slice(home.length))).status).toBe(200)
    }
    expect(new Set(graphs).size).toBe(1)
    expect(await (await get('/.well-known/void?format=docx')).json()).toMatchObject({
      error: 'InvalidRequest',
    })
  })
})

const parser = new XMLParser({ isArray: (name) => ['sitemap', 'url'].includes(name) })
