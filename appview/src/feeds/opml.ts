import { element, text, writeXml } from './xml.ts'

const feeds = [
  ['New datasets', '/feeds/datasets.rss'],
  ['Endangered datasets', '/feeds/risk/endangered.rss'],
  ['Datasets under a takedown notice', '/feeds/risk/takedown-issued.rss'],
  ['Datasets that only their source has', '/feeds/scarcity/source-only.rss'],
  ['Datasets whose source is lost', '/feeds/lost.rss'],
  ['New torrents', '/feeds/torrents.rss'],
  ['Torrents that need seeders', '/feeds/needs.rss'],
] as const

/** Writes a list of the feeds that most people want, as OPML 2.0. */
export function writeOpml(name: string, publicUrl: string): string {
  const outlines = feeds.map(([title, path]) =>
    element('outline', {
      type: 'rss',
      text: title,
      title,
      xmlUrl: `${publicUrl}${path}`,
      htmlUrl: `${publicUrl}/`,
    }),
  )
  return writeXml(
    element(
      'opml',
      { version: '2.0' },
      element('head', {}, text('title', `Feeds of ${name}`)),
      element('body', {}, ...outlines),
    ),
  )
}
