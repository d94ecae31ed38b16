/**
 * Runs inside a network namespace of its own: follow.ts FOLDER publishes two torrents into an index, seeds them with
 * libtorrent, and lets real clients follow the index's RSS. It prints one JSON line with what each of them downloaded.
 */
import { execFile, execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import { openCatalog } from '@holdfast/appview/store/open'
import { createTorrent } from '@holdfast/torrent/create'
import { ownAllowList } from '@holdfast/tracker/allow-list/source'
import { loadConfig } from '@holdfast/tracker/config'
import { startTracker } from '@holdfast/tracker/main'
import { parseRssFeed } from 'feedsmith'
import { cidOf, startIndex, uriOf } from '../../appview/index-under-test.ts'
import { waitFor } from '../../network/wait-for.ts'
import { realClients } from '../../tracker/real-clients/clients.ts'

const [folder = ''] = process.argv.slice(2)
const names = ['sea-ice.bin', 'volcanoes.bin']
const announceUrl = 'http://10.77.0.1:6969/announce'
const feeds = {
  endangered: 'http://10.77.0.1:3000/feeds/risk/endangered.rss',
  torrents: 'http://10.77.0.1:3000/feeds/torrents.rss',
  torznab: 'http://10.77.0.1:3000/torznab/api?t=search&q=volcanoes',
}
const author = 'did:plc:aaaaaaaaaaaaaaaaaaaaaaaa'
const address = (number: number) => ({ ipv4: `10.77.0.${number}`, ipv6: `fd77::${number}` })

execFileSync('ip', ['link', 'set', 'lo', 'up'])
for (let number = 1; number < 6; number++) {
  execFileSync('ip', ['addr', 'add', `${address(number).ipv4}/32`, 'dev', 'lo'])
  execFileSync('ip', ['addr', 'add', `${address(number).ipv6}/128`, 'dev', 'lo', 'nodad'])
}

const source = await newFolder('seed')
const torrents = await Promise.all(names.map(makeTorrent))
const allowList = ownAllowList(torrents.map(({ infoHashV1 }) => ({ infoHashV1 })))
await using tracker = await startTracker(loadConfig({ HOLDFAST_LOG_LEVEL: 'silent' }), { allowList })
await using _index = await publish()
await using _seeder = await start('libtorrent', 2, {
  folder: source,
  torrents: names.map((name) => path.join(folder, `${name}.torrent`)),
})
await waitFor(seeded, { what: 'the seeder to announce' })
console.log(JSON.stringify({ qbittorrent: await qbittorrent(), transmission: await transmission() }))

/** A client that follows the feed by itself: it gets the feed's address and a rule, and no torrent. */
async function qbittorrent(): Promise<object> {
  const target = await newFolder('qbittorrent-files')
  await using _client = await start('qbittorrent', 3, { folder: target, torrents: [] })
  const api = async (method: string, form?: Record<string, string>) => {
    const body = form && { method: 'POST', body: new URLSearchParams(form) }
    const answer = await fetch(`http://10.77.0.3:9193/api/v2/${method}`, body)
    if (!answer.ok) throw new Error(`qBittorrent refused ${method} with ${answer.status}`)
    return answer.text()
  }
  const rss = { rss_processing_enabled: true, rss_auto_downloading_enabled: true }
  await api('app/setPreferences', { json: JSON.stringify(rss) })
  const rule = { enabled: true, mustContain: 'sea-ice', affectedFeeds: [feeds.endangered], savePath: target }
  await api('rss/setRule', { ruleName: 'ice', ruleDef: JSON.stringify(rule) })
  await api('rss/addFeed', { url: feeds.endangered, path: 'endangered' })
  await api('rss/addFeed', { url: feeds.torznab, path: 'torznab' })
  await waitFor(() => hasFetched(target), { what: 'qBittorrent to fetch by its rule', timeoutMs: 60_000 })
  const articlesOf = async (feed: string) => {
    const followed = JSON.parse(await api('rss/items?withData=true')) as Record<string, Feed>
    return followed[feed]?.articles ?? []
  }
  const found = await waitFor(async () => (await articlesOf('torznab'))[0], {
    what: 'the Torznab search to be read',
  })
  const articles = (await articlesOf('endangered')).map(({ title }) => title).sort()
  const { title, torrentURL } = found
  return { articles, torznab: { title, torrentURL }, fetched: await readdir(target) }
}

interface Feed {
  articles: { title: string; torrentURL: string }[]
}

/** A client that gets the enclosure of an item, as scripts pass it on that follow a feed. */
async function transmission(): Promise<object> {
  const target = await newFolder('transmission-files')
  await using _client = await start('transmission', 4, { folder: target, torrents: [] })
  const feed = parseRssFeed(await (await fetch(feeds.torrents)).text())
  const url = feed.items?.find(({ title }) => title === names[0])?.enclosures?.[0]?.url
  await promisify(execFile)('transmission-remote', ['10.77.0.4:9191', '-a', String(url)])
  await waitFor(() => hasFetched(target), { what: 'transmission to fetch', timeoutMs: 60_000 })
  return { fetched: await readdir(target) }
}

async function makeTorrent(name: string) {
  const file = path.join(source, name)
  await writeFile(file, randomBytes(200_000))
  // The torrent is v1, because transmission 3 supports nothing else.
  const trackers = [{ url: announceUrl, tier: 0 }]
  const { metainfo, infoHashV1 } = await createTorrent(file, { version: 'v1', trackers })
  await writeFile(path.join(folder, `${name}.torrent`), metainfo)
  return { name, metainfo, infoHashV1: infoHashV1! }
}

async function publish(): Promise<AsyncDisposable> {
  const env = {
    HOLDFAST_PORT: '3000',
    HOLDFAST_PUBLIC_URL: 'http://10.77.0.1:3000',
    HOLDFAST_TRACKERS: announceUrl,
  }
  const index = await startIndex({ open: () => openCatalog(), env })
  await index.write(
    author,
    torrents.flatMap(({ name, infoHashV1, metainfo }) => {
      const ref = { $link: cidOf(name, 'raw') }
      const blob = { $type: 'blob', ref, mimeType: 'application/x-bittorrent', size: metainfo.length }
      const dataset = { title: `About ${name}`, risk: { level: 'endangered' } }
      const datasets = [{ uri: uriOf(author, 'dataset', name) }]
      const torrent = { name, infoHashV1, metainfo: blob, datasets }
      return [
        { put: 'dataset' as const, rkey: name, record: dataset },
        { put: 'torrent' as const, rkey: infoHashV1, record: torrent },
      ]
    }),
  )
  await index.verify(new Map(torrents.map(({ name, metainfo }) => [cidOf(name, 'raw'), metainfo])))
  return index
}

async function start(
  name: string,
  number: number,
  task: { folder: string; torrents: readonly string[] },
): Promise<AsyncDisposable> {
  const client = realClients.find((each) => each.name === name)!
  return client.start({ ...address(number), ...task, home: await newFolder(`${name}-home`) })
}

async function newFolder(name: string): Promise<string> {
  const made = path.join(folder, name)
  await mkdir(made)
  return made
}

async function hasFetched(target: string): Promise<boolean> {
  const [one, other] = await Promise.all(
    [source, target].map((each) => readFile(path.join(each, names[0]!)).catch(() => Buffer.alloc(0))),
  )
  return one!.length > 0 && one!.equals(other!)
}

async function seeded(): Promise<boolean> {
  const answer = await fetch(`http://127.0.0.1:${tracker.port}/swarms`)
  const { swarms } = (await answer.json()) as { swarms: [string[], number, number, number][] }
  return swarms.length === names.length && swarms.every(([, seeders]) => seeders === 1)
}
process.exit(0)
