import { type Feed, type FeedItem, updatedAt } from './feed.ts'
import { type Element, element, text, writeXml } from './xml.ts'

/** Writes a feed as Atom (RFC 4287). */
export function writeAtom(feed: Feed): string {
  const root = element(
    'feed',
    { xmlns: 'http://www.w3.org/2005/Atom' },
    text('title', feed.title),
    text('subtitle', feed.description),
    text('id', feed.feedUrl),
    element('link', { rel: 'self', href: feed.feedUrl, type: 'application/atom+xml' }),
    element('link', { rel: 'alternate', href: feed.pageUrl, type: 'text/html' }),
    text('updated', updatedAt(feed)),
    ...feed.items.map(entry),
  )
  return writeXml(root)
}

function entry(item: FeedItem): Element {
  return element(
    'entry',
    {},
    text('title', item.title),
    text('id', item.id),
    text('published', item.publishedAt),
    text('updated', item.updatedAt),
    element('author', {}, text('name', item.author)),
    element('link', { rel: 'alternate', href: item.pageUrl, type: 'text/html' }),
    ...item.torrents.flatMap((torrent) => [
      element('link', {
        rel: 'enclosure',
        href: torrent.fileUrl,
        type: 'application/x-bittorrent',
        length: torrent.sizeBytes,
      }),
      element('link', { rel: 'related', href: torrent.magnet }),
    ]),
    ...item.categories.map((term) => element('category', { term })),
    text('rights', item.license),
    text('summary', item.summary),
  )
}
