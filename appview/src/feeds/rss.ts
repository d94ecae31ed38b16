import { type Feed, type FeedItem, type FeedTorrent, updatedAt } from './feed.ts'
import { type Element, element, text, writeXml } from './xml.ts'

/** Writes RSS 2.0 with what BitTorrent clients read: `.torrent` enclosures, ezRSS's `torrent:` elements and Torznab's attributes. */
export function writeRss(feed: Feed, options: { asTorznab?: boolean } = {}): string {
  const namespaces = {
    version: '2.0',
    'xmlns:atom': 'http://www.w3.org/2005/Atom',
    'xmlns:dc': 'http://purl.org/dc/elements/1.1/',
    'xmlns:torrent': 'http://xmlns.ezrss.it/0.1/',
    'xmlns:torznab': 'http://torznab.com/schemas/2015/feed',
  }
  const channel = element(
    'channel',
    {},
    text('title', feed.title),
    text('link', feed.pageUrl),
    text('description', feed.description),
    element('atom:link', { href: feed.feedUrl, rel: 'self', type: 'application/rss+xml' }),
    text('lastBuildDate', rfc822(updatedAt(feed))),
    ...feed.items.map((entry) => item(entry, options)),
  )
  return writeXml(element('rss', namespaces, channel))
}

function item(entry: FeedItem, { asTorznab = false }: { asTorznab?: boolean }): Element {
  const [torrent] = entry.torrents
  return element(
    'item',
    {},
    text('title', entry.title),
    text('link', entry.pageUrl),
    // Torznab clients read the page and the size from these elements, though its specification does not define them.
    asTorznab ? text('comments', entry.pageUrl) : undefined,
    asTorznab ? text('size', torrent?.sizeBytes) : undefined,
    element('guid', { isPermaLink: 'false' }, entry.id),
    text('pubDate', rfc822(entry.publishedAt)),
    text('dc:creator', entry.author),
    ...entry.categories.map((category) => text('category', category)),
    text('description', entry.summary),
    text('dc:rights', entry.license),
    ...(torrent ? torrentElements(torrent) : []),
  )
}

function torrentElements(torrent: FeedTorrent): Element[] {
  const attributes: [string, string | number | undefined][] = [
    ['category', otherCategory],
    ['size', torrent.sizeBytes],
    ['files', torrent.fileCount],
    ['seeders', torrent.seeders],
    ['peers', torrent.seeders === undefined ? undefined : torrent.seeders + (torrent.leechers ?? 0)],
    ['infohash', torrent.infoHash],
    ['magneturl', torrent.magnet],
    ['downloadvolumefactor', 1],
    ['uploadvolumefactor', 1],
  ]
  return [
    element('enclosure', {
      url: torrent.fileUrl,
      length: torrent.sizeBytes,
      type: 'application/x-bittorrent',
    }),
    element('torrent:infoHash', {}, torrent.infoHash),
    element('torrent:magnetURI', {}, torrent.magnet),
    element('torrent:contentLength', {}, String(torrent.sizeBytes)),
    ...attributes
      .filter(([, value]) => value !== undefined)
      .map(([name, value]) => element('torznab:attr', { name, value })),
  ]
}

/** Newznab's category `Other`, because its tree has no category for data. */
export const otherCategory = 8000

/** Writes an instant by RFC 822 with a four-digit year, as RSS 2.0 requires. */
function rfc822(instant: string): string {
  return new Date(instant).toUTCString().replace('GMT', '+0000')
}
