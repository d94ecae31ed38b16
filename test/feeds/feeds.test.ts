import { testBackends } from '@holdfast/appview/testing/backends'
import { collections } from '@holdfast/lexicons/nsid'
import { XMLParser, XMLValidator } from 'fast-xml-parser'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type IndexUnderTest, startIndex } from '../appview/index-under-test.ts'
import { sampleTorrent } from '../appview/sample-torrent.ts'

const alice = 'did:plc:alicealicealicealice1234'
const createdAt = '2026-03-04T05:06:07.000Z'
const hostile = '<script>alert(1)</script> & "quotes" \u0001\uFFFE ]]> é 漢'

describe.each(testBackends())('feeds over $name', ({ open }) => {
  let index: IndexUnderTest
  const torrent = sampleTorrent('sea-ice', ['a.csv', 'b.csv'])
  beforeAll(async () => {
    index = await startIndex({ open, admission: 'open' })
    const dataset = `at://${alice}/${collections.dataset}/ice`
    await index.write(alice, [
      {
        put: 'dataset',
        rkey: 'ice',
        record: {
          title: `Sea ice ${hostile}`,
          description: `Extent ${hostile}`,
          keywords: [{ name: 'sea & ice' }],
          risk: { level: 'endangered' },
          license: { spdx: 'CC0-1.0' },
          createdAt,
        },
      },
      {
        put: 'dataset',
        rkey: 'later',
        record: { title: 'From the future', createdAt: '2999-01-01T00:00:00Z' },
      },
      {
        put: 'torrent',
        rkey: torrent.infoHashV1,
        record: { ...torrent.record, datasets: [{ uri: dataset }], createdAt },
      },
    ])
    await index.verify(new Map([[torrent.blobCid, torrent.bytes]]))
  })
  afterAll(() => index[Symbol.asyncDispose]())

  const get = (path: string, headers: Record<string, string> = {}) =>
    fetch(`${index.url}${path}`, { headers })

  async function xml(path: string) {
    const response = await get(path)
    const body = await response.text()
    expect(response.status, body).toBe(200)
    expect(XMLValidator.validate(body)).toBe(true)
    return new XMLParser({
      ignoreAttributes: false,
      attributeNamePrefix: '@',
      isArray: (name) => ['item', 'entry'].includes(name),
    }).parse(body)
  }

  test('an item for a torrent has its enclosure, infohash, size and date', async () => {
    const { rss } = await xml('/feeds/torrents.rss')
    const [item] = rss.channel.item
    expect(item.guid['#text']).toMatch(/^at:\/\/did:plc:alice.*torrent/)
    expect(new Date(item.pubDate).toISOString()).toBe(createdAt)
    expect(item.enclosure['@type']).toBe('application/x-bittorrent')
    expect(item['torrent:infoHash']).toBe(torrent.infoHashV1)
    const file = await fetch(item.enclosure['@url'].replace(/^https?:\/\/[^/]+/, index.url))
    expect(file.headers.get('content-type')).toContain('application/x-bittorrent')
    expect(Buffer.from(await file.arrayBuffer()).includes('4:name7:sea-ice')).toBe(true)
  })

  test.each([
    '/feeds/datasets',
    '/feeds/risk/endangered',
    '/feeds/keyword/sea%20%26%20ice',
    `/feeds/account/${alice}`,
  ])('%s has the same content in all three formats', async (path) => {
    const { rss } = await xml(`${path}.rss`)
    const { feed } = await xml(`${path}.atom`)
    const json = (await (await get(`${path}.json`)).json()) as JsonFeed
    const ids = rss.channel.item.map((item: { guid: { '#text': string } }) => item.guid['#text'])
    expect(ids).toContain(`at://${alice}/${collections.dataset}/ice`)
    expect(feed.entry.map((entry: { id: string }) => entry.id)).toEqual(ids)
    expect(json.items.map((item) => item.id)).toEqual(ids)
  })

  test('a dataset has its newest torrent in RSS, and all in Atom and JSON Feed', async () => {
    const url = `/torrent/${torrent.infoHashV1}.torrent`
    const [item] = (await xml('/feeds/risk/endangered.rss')).rss.channel.item
    expect(item.enclosure).toMatchObject({ '@type': 'application/x-bittorrent', '@length': '201' })
    expect(item.enclosure['@url']).toContain(url)
    expect(item).toMatchObject({ 'dc:rights': 'CC0-1.0', 'torrent:infoHash': torrent.infoHashV1 })
    const [entry] = (await xml('/feeds/risk/endangered.atom')).feed.entry
    const enclosures = entry.link.filter((link: Record<string, string>) => link['@rel'] === 'enclosure')
    expect(enclosures.map((link: Record<string, string>) => link['@href'])).toEqual([
      expect.stringContaining(url),
    ])
    const json = (await (await get('/feeds/risk/endangered.json')).json()) as JsonFeed
    expect(json.items[0]!.attachments).toMatchObject([{ url: expect.stringContaining(url) }])
  })

  test.each([
    ['torrents.json?minSizeBytes=200&maxSizeBytes=202', 1],
    ['torrents.json?minSizeBytes=203', 0],
    ['torrents.json?maxSeeders=2', 0],
    ['datasets.json?q=ice&hasTorrent=true', 1],
    ['datasets.json?risk=endangered&minSeeders=1', 0],
  ])('a category of sizes or seeders has a feed: %s', async (path, count) => {
    expect(((await (await get(`/feeds/${path}`)).json()) as JsonFeed).items).toHaveLength(count)
  })

  test('a torrent has the license of its dataset', async () => {
    const [item] = (await xml('/feeds/torrents.rss')).rss.channel.item
    expect(item['dc:rights']).toBe('CC0-1.0')
  })

  test('no item is dated later than it was first seen', async () => {
    const json = (await (await get('/feeds/datasets.json')).json()) as JsonFeed
    for (const item of json.items) expect(Date.parse(item.date_published)).toBeLessThanOrEqual(Date.now())
    expect(json.items).toHaveLength(2)
  })

  test('an edit changes only the date of the edit, in Atom and JSON Feed', async () => {
    const id = `at://${alice}/${collections.dataset}/edited`
    const read = async () => {
      const { feed } = await xml('/feeds/datasets.atom')
      const json = (await (await get('/feeds/datasets.json')).json()) as JsonFeed
      const { rss } = await xml('/feeds/datasets.rss')
      const entry = feed.entry.find((each: { id: string }) => each.id === id)
      const item = json.items.find((each) => each.id === id)!
      const { pubDate } = rss.channel.item.find(
        (each: { guid: { '#text': string } }) => each.guid['#text'] === id,
      )
      expect(item.date_published).toBe(entry.published)
      expect(item.date_modified ?? item.date_published).toBe(entry.updated)
      expect(new Date(pubDate).toISOString()).toBe(createdAt)
      return { ...entry, ofFeed: feed.updated } as Record<
        'title' | 'published' | 'updated' | 'ofFeed',
        string
      >
    }
    const record = { title: 'Before', createdAt }
    await index.write(alice, [{ put: 'dataset', rkey: 'edited', record }])
    expect(await read()).toMatchObject({ published: createdAt, updated: createdAt })
    await index.write(alice, [{ put: 'dataset', rkey: 'edited', record: { ...record, title: 'After' } }])
    const edited = await read()
    expect(edited).toMatchObject({ title: 'After', published: createdAt })
    expect(Date.parse(edited.updated)).toBeGreaterThan(Date.now() - 60_000)
    expect(edited.ofFeed >= edited.updated).toBe(true)
    await index.write(alice, [{ put: 'dataset', rkey: 'other', record: { title: 'Another', createdAt } }])
    expect((await read()).updated).toBe(edited.updated)
    await index.write(alice, [
      { delete: 'dataset', rkey: 'edited' },
      { delete: 'dataset', rkey: 'other' },
    ])
  })

  test('answers conditional requests', async () => {
    const first = await get('/feeds/datasets.rss')
    const etag = first.headers.get('etag') ?? ''
    expect(etag).not.toBe('')
    expect(
      (await get('/feeds/datasets.rss', { 'if-none-match': etag, 'cache-control': 'max-age=0' })).status,
    ).toBe(304)
  })

  test('Torznab answers capabilities, searches, pages and errors', async () => {
    const { caps } = await xml('/torznab/api?t=caps')
    expect(caps.searching.search['@available']).toBe('yes')
    const found = await xml('/torznab/api?t=search&q=ice')
    const [item] = found.rss.channel.item
    const attributes = Object.fromEntries(
      item['torznab:attr'].map((attr: Record<string, string>) => [attr['@name'], attr['@value']]),
    )
    expect(attributes).toMatchObject({ infohash: torrent.infoHashV1, size: '201' })
    expect((await xml('/torznab/api?t=search&offset=1')).rss.channel.item).toBeUndefined()
    expect((await xml('/torznab/api?t=search&cat=5000')).rss.channel.item).toBeUndefined()
    expect((await xml('/torznab/api?t=music')).error['@code']).toBe('202')
  })

  test.each(['100000', '1001', '1000', '999999999999999'])(
    'a page of Torznab at %s is beyond the end',
    async (offset) => {
      const found = await xml(`/torznab/api?t=search&offset=${offset}`)
      expect(found.rss.channel.item).toBeUndefined()
    },
  )

  test('the names of Torznab’s parameters may be in either case', async () => {
    const found = await xml('/torznab/api?T=Search&Q=ice&LIMIT=1&apikey=x&extended=1')
    expect(found.rss.channel.item).toHaveLength(1)
    expect((await xml('/torznab/api?T=CAPS')).caps).toBeDefined()
  })

  test.each(['limit=x', 'offset=-1', 'offset=1e3', 'LIMIT=5.5'])(
    '%s is Torznab’s error 201',
    async (wrong) => {
      expect((await xml(`/torznab/api?t=search&${wrong}`)).error['@code']).toBe('201')
    },
  )

  test('oEmbed stays within the size of the request', async () => {
    const url = `http://localhost:${new URL(index.url).port}/torrent/${torrent.infoHashV1}`
    const embedded = async (room: string) => {
      const response = await get(`/oembed?${new URLSearchParams({ url })}${room}`)
      expect(response.status).toBe(200)
      const { width, height } = (await response.json()) as { width: number; height: number }
      return [width, height]
    }
    expect(await embedded('')).toEqual([200, 20])
    expect(await embedded('&maxwidth=100')).toEqual([100, 10])
    expect(await embedded('&maxwidth=1000&maxheight=5')).toEqual([50, 5])
    expect(await embedded('&maxwidth=junk&maxheight=0')).toEqual([200, 20])
  })

  test('the feeds that OPML lists exist', async () => {
    const { opml } = await xml('/feeds.opml')
    for (const outline of opml.body.outline) {
      const path = new URL(outline['@xmlUrl']).pathname
      expect((await get(path)).status, path).toBe(200)
    }
  })

  test('a search that is refused becomes a 400 with a line of text', async () => {
    for (const query of ['limit=0', 'cursor=nonsense', 'hasTorrent=maybe']) {
      const response = await get(`/feeds/datasets.rss?${query}`)
      expect(response.status, query).toBe(400)
      expect((await response.text()).trim()).not.toContain('\n')
    }
    expect(index.takeFaults()).toEqual([])
  })
})

interface JsonFeed {
  items: { id: string; date_published: string; date_modified?: string; attachments?: { url: string }[] }[]
}
