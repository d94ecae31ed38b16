/** Feeds read by other people's parsers: feedsmith, and Debian's feedparser if it is installed. */
import { spawnSync } from 'node:child_process'
import { openEmbedded } from '@holdfast/appview/testing/backends'
import { collections } from '@holdfast/lexicons/nsid'
import { XMLParser } from 'fast-xml-parser'
import { parseAtomFeed, parseJsonFeed, parseOpml, parseRssFeed } from 'feedsmith'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type IndexUnderTest, startIndex } from '../appview/index-under-test.ts'
import { sampleTorrent } from '../appview/sample-torrent.ts'
import { needs } from '../system/requirements.ts'

const alice = 'did:plc:aaaaaaaaaaaaaaaaaaaaaaaa'
const createdAt = '2026-03-04T05:06:07.000Z'
const hostile = '<script>alert(1)</script> & "quotes" \u0001 ]]> é 漢 \u{1F40B}'
const torrent = sampleTorrent('sea-ice', ['a.csv', 'b.csv'])
const feeds = ['datasets', 'torrents', 'risk/endangered', `account/${alice}`]
const feedparser = '/usr/bin/python3'

let index: IndexUnderTest
beforeAll(async () => {
  index = await startIndex({ open: openEmbedded, admission: 'open' })
  const dataset = {
    title: `Sea ice ${hostile}`,
    description: `Extent\n\n${hostile}`,
    keywords: [{ name: `sea ${hostile}` }],
    risk: { level: 'endangered' },
    license: { spdx: 'CC0-1.0' },
    createdAt,
  }
  await index.write(alice, [
    { put: 'dataset', rkey: 'ice', record: dataset },
    {
      put: 'torrent',
      rkey: 'ice',
      record: { ...torrent.record, datasets: [{ uri: uri('dataset') }], createdAt },
    },
  ])
  await index.verify(new Map([[torrent.blobCid, torrent.bytes]]))
})
afterAll(() => index[Symbol.asyncDispose]())

const get = async (path: string, headers: Record<string, string> = {}) => {
  const answer = await fetch(`${index.url}${path}`, { headers })
  return { status: answer.status, headers: answer.headers, body: await answer.text() }
}
const uri = (kind: 'dataset' | 'torrent') => `at://${alice}/${collections[kind]}/ice`

test('feedsmith reads the RSS of torrents', async () => {
  const feed = parseRssFeed((await get('/feeds/torrents.rss')).body)
  expect(feed).toMatchObject({ title: expect.stringContaining('Torrents'), link: `${publicUrl()}/` })
  expect(feed.atom?.links?.[0]).toMatchObject({ rel: 'self', href: `${publicUrl()}/feeds/torrents.rss` })
  expect(feed.items).toMatchObject([
    {
      guid: { value: uri('torrent'), isPermaLink: false },
      enclosures: [
        {
          url: `${publicUrl()}/torrent/${torrent.infoHashV1}.torrent`,
          length: 201,
          type: 'application/x-bittorrent',
        },
      ],
      dc: { creators: [alice], rights: ['CC0-1.0'] },
    },
  ])
  expect(new Date(feed.items?.[0]?.pubDate ?? '').toISOString()).toBe(createdAt)
  const [dataset] = parseRssFeed((await get('/feeds/datasets.rss')).body).items ?? []
  expect(dataset?.title).toBe(`Sea ice ${hostile.replace('\u0001', '\uFFFD')}`)
  expect(dataset?.enclosures).toEqual(feed.items?.[0]?.enclosures)
})

test('feedsmith finds what RFC 4287 requires of a feed and an entry', async () => {
  for (const name of feeds) {
    const feed = parseAtomFeed((await get(`/feeds/${name}.atom`)).body)
    expect(feed, name).toMatchObject({
      id: expect.any(String),
      title: expect.anything(),
      updated: expect.any(String),
    })
    expect(feed.links?.some(({ rel }) => rel === 'self')).toBe(true)
    for (const entry of feed.entries ?? []) {
      expect(entry).toMatchObject({ id: expect.stringMatching(/^at:/), updated: createdAt })
      expect(entry.title).toBeDefined()
      expect(entry.authors?.length).toBe(1)
    }
  }
  const [entry] = parseAtomFeed((await get('/feeds/torrents.atom')).body).entries ?? []
  expect(entry?.links?.find(({ rel }) => rel === 'enclosure')).toMatchObject({
    type: 'application/x-bittorrent',
    length: 201,
  })
})

test('follows the rules of JSON Feed 1.1', async () => {
  for (const name of feeds) {
    const { headers, body } = await get(`/feeds/${name}.json`)
    expect(headers.get('content-type')).toContain('application/feed+json')
    expect(parseJsonFeed(body).items?.[0]?.id).toBe(uri(name === 'torrents' ? 'torrent' : 'dataset'))
    keepsJsonFeedRules(JSON.parse(body))
  }
})

test('feedsmith reads the OPML, and all its feeds exist', async () => {
  const { body } = parseOpml((await get('/feeds.opml')).body)
  expect(body?.outlines?.length).toBeGreaterThan(3)
  for (const { xmlUrl } of body?.outlines ?? [])
    parseRssFeed((await get(new URL(xmlUrl ?? '').pathname)).body)
})

const hasFeedparser = needs('feeds as feedparser reads them', 'feedparser')
test.skipIf(!hasFeedparser)('feedparser finds no fault in any feed', async () => {
  const script =
    'import feedparser, json, sys; f = feedparser.parse(sys.stdin.buffer.read()); json.dump([f.bozo, f.version, [[e.id, e.published_parsed[:6], [x.type for x in e.enclosures]] for e in f.entries]], sys.stdout)'
  const read = (body: string) => {
    const { stdout, stderr } = spawnSync(feedparser, ['-c', script], { input: body, encoding: 'utf8' })
    expect(stderr).toBe('')
    return JSON.parse(stdout)
  }
  for (const name of feeds) {
    const id = uri(name === 'torrents' ? 'torrent' : 'dataset')
    const entry = [id, [2026, 3, 4, 5, 6, 7], ['application/x-bittorrent']]
    for (const [form, version] of [
      ['rss', 'rss20'],
      ['atom', 'atom10'],
    ])
      expect(read((await get(`/feeds/${name}.${form}`)).body), name).toEqual([false, version, [entry]])
  }
  const torznab = (await get('/torznab/api?t=search&q=ice')).body
  expect(read(torznab)).toEqual([
    false,
    'rss20',
    [[uri('torrent'), expect.anything(), ['application/x-bittorrent']]],
  ])
})

test('answers Torznab requests as Prowlarr sends them, capabilities first', async () => {
  const parser = new XMLParser({
    ignoreAttributes: false,
    attributeNamePrefix: '@',
    isArray: (name) => name === 'item',
  })
  const { caps } = parser.parse((await get('/torznab/api?t=caps&apikey=')).body)
  expect(Number(caps.limits['@max'])).toBeGreaterThanOrEqual(Number(caps.limits['@default']))
  expect(caps.searching.search).toEqual({ '@available': 'yes', '@supportedParams': 'q' })
  const category = caps.categories.category['@id']
  const { rss } = parser.parse(
    (await get(`/torznab/api?t=search&extended=1&apikey=&cat=${category},8010&limit=100&offset=0&q=ice`))
      .body,
  )
  expect(rss['@xmlns:torznab']).toBe('http://torznab.com/schemas/2015/feed')
  const [item] = rss.channel.item
  expect(item.enclosure['@type']).toBe('application/x-bittorrent')
  expect(item).toMatchObject({ size: 201, comments: `${publicUrl()}/torrent/${torrent.infoHashV1}` })
  expect(Date.parse(item.pubDate)).toBe(Date.parse(createdAt))
  const named = Object.fromEntries(
    item['torznab:attr'].map((attr: Record<string, string>) => [attr['@name'], attr['@value']]),
  )
  expect(named).toMatchObject({ category, size: '201', infohash: torrent.infoHashV1 })
  expect(named.magneturl).toMatch(/^magnet:\?xt=urn:btih:/)
  // The connection test of the client searches without words and expects releases.
  expect(parser.parse((await get('/torznab/api?t=search&cat=&q=')).body).rss.channel.item).toHaveLength(1)
})

test('answers 304 until the feed changes', async () => {
  const first = await get('/feeds/datasets.rss')
  const etag = first.headers.get('etag') ?? ''
  expect(await get('/feeds/datasets.rss', conditions(etag))).toMatchObject({ status: 304, body: '' })
  // This entry is older than the existing ones, like a record that arrives late, so comparing dates would not show that
  // there is something new.
  const record = { title: 'Old and late', createdAt: '2020-01-01T00:00:00.000Z' }
  await index.write(alice, [{ put: 'dataset', rkey: 'late', record }])
  expect(await get('/feeds/datasets.rss', conditions(etag))).toMatchObject({ status: 200 })
  const { 'if-none-match': _, ...byDate } = conditions(etag)
  const now = await get('/feeds/datasets.rss', { ...byDate, 'if-modified-since': new Date().toUTCString() })
  expect(now.body).toContain('Old and late')
})

/** By default, Node's fetch asks for no cached answer at all. */
const conditions = (etag: string) => ({ 'if-none-match': etag, 'cache-control': 'max-age=0' })
const publicUrl = () => index.url.replace('127.0.0.1', 'localhost')

/** The rules of https://www.jsonfeed.org/version/1.1/ that our feeds could break. */
function keepsJsonFeedRules(feed: Record<string, unknown>): void {
  expect(feed.version).toBe('https://jsonfeed.org/version/1.1')
  expect(feed.title).toEqual(expect.any(String))
  for (const name of ['home_page_url', 'feed_url']) expect(() => new URL(String(feed[name]))).not.toThrow()
  const items = feed.items as Record<string, unknown>[]
  expect(items.length).toBeGreaterThan(0)
  for (const item of items) {
    expect(item.id).toEqual(expect.any(String))
    expect('content_text' in item || 'content_html' in item).toBe(true)
    expect(item.date_published).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/)
    for (const tag of item.tags as unknown[]) expect(tag).toEqual(expect.any(String))
    for (const author of item.authors as Record<string, unknown>[])
      expect('name' in author || 'url' in author || 'avatar' in author).toBe(true)
    for (const attachment of (item.attachments ?? []) as Record<string, unknown>[])
      expect(attachment).toMatchObject({ url: expect.any(String), mime_type: expect.any(String) })
    const own = Object.keys(item).filter((name) => name.startsWith('_'))
    for (const name of own) {
      expect(name).toMatch(/^_[a-zA-Z][^.]*$/)
      expect(item[name]).toBeTypeOf('object')
    }
    const known = ['id', 'url', 'title', 'content_text', 'date_published', 'authors', 'tags', 'attachments']
    expect(Object.keys(item).filter((name) => ![...known, ...own].includes(name))).toEqual([])
  }
  expect(new Set(items.map(({ id }) => id)).size).toBe(items.length)
}
