import type { Feed, FeedItem } from './feed.ts'

/** Writes a feed as JSON Feed 1.1; what it has no fields for is under `_holdfast`. */
export function writeJsonFeed(feed: Feed): string {
  return JSON.stringify({
    version: 'https://jsonfeed.org/version/1.1',
    title: feed.title,
    description: feed.description,
    home_page_url: feed.pageUrl,
    feed_url: feed.feedUrl,
    items: feed.items.map(item),
  })
}

function item({ torrents, ...entry }: FeedItem) {
  return {
    id: entry.id,
    url: entry.pageUrl,
    title: entry.title,
    content_text: entry.summary,
    date_published: entry.publishedAt,
    ...(entry.updatedAt !== entry.publishedAt && { date_modified: entry.updatedAt }),
    authors: [{ name: entry.author }],
    tags: entry.categories,
    ...(torrents.length > 0 && {
      attachments: torrents.map(({ fileUrl }) => ({
        url: fileUrl,
        mime_type: 'application/x-bittorrent',
        title: entry.title,
      })),
    }),
    _holdfast: { license: entry.license, ...torrents[0] },
  }
}
