/** A feed before it takes one of its three forms. Instants are ISO 8601. */
export interface Feed {
  readonly title: string
  readonly description: string
  /** Where a person reads the same. */
  readonly pageUrl: string
  /** Where this feed is. */
  readonly feedUrl: string
  readonly items: readonly FeedItem[]
}

export interface FeedItem {
  /** The AT-URI of the record: the same after a rebuild, so that no reader shows anything twice. */
  readonly id: string
  readonly title: string
  readonly pageUrl: string
  /** Plain text. */
  readonly summary: string
  readonly author: string
  /** From the record, never from the clock of this index. */
  readonly publishedAt: string
  /** When the record was last edited; as published where it never was. */
  readonly updatedAt: string
  readonly categories: readonly string[]
  readonly license?: string | undefined
  /** The newest first. RSS has room for that one. */
  readonly torrents: readonly FeedTorrent[]
}

export interface FeedTorrent {
  readonly fileUrl: string
  readonly magnet: string
  /** The name that RSS readers of BitTorrent clients know: v1, else truncated v2, as 40 hex digits. */
  readonly infoHash: string
  readonly sizeBytes: number
  readonly fileCount: number
  readonly seeders?: number | undefined
  readonly leechers?: number | undefined
}

/** The newest instant of a feed, for validators; the epoch where it is empty. */
export function updatedAt(feed: Feed): string {
  return feed.items.reduce(
    (newest, item) => (item.updatedAt > newest ? item.updatedAt : newest),
    '1970-01-01T00:00:00.000Z',
  )
}
