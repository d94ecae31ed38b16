/** The content of a feed, from which RSS, Atom or JSON Feed is written. Instants are ISO 8601. */
export interface Feed {
  readonly title: string
  readonly description: string
  /** The URL of the page that shows the same to people. */
  readonly pageUrl: string
  /** The URL of this feed. */
  readonly feedUrl: string
  readonly items: readonly FeedItem[]
}

export interface FeedItem {
  /** The AT-URI of the record. It is the same after a rebuild, so that no reader shows an item twice. */
  readonly id: string
  readonly title: string
  readonly pageUrl: string
  /** Plain text. */
  readonly summary: string
  readonly author: string
  /** From the record, never from the clock of this index. */
  readonly publishedAt: string
  /** When the record was last edited, or else when it was published. */
  readonly updatedAt: string
  readonly categories: readonly string[]
  readonly license?: string | undefined
  /** Newest first; RSS can contain only the first. */
  readonly torrents: readonly FeedTorrent[]
}

export interface FeedTorrent {
  readonly fileUrl: string
  readonly magnet: string
  /** The infohash that BitTorrent clients' RSS readers understand: the v1, else the truncated v2, as 40 hex digits. */
  readonly infoHash: string
  readonly sizeBytes: number
  readonly fileCount: number
  readonly seeders?: number | undefined
  readonly leechers?: number | undefined
}

/** The newest instant in a feed; 1970-01-01 for an empty feed. */
export function updatedAt(feed: Feed): string {
  return feed.items.reduce(
    (newest, item) => (item.updatedAt > newest ? item.updatedAt : newest),
    '1970-01-01T00:00:00.000Z',
  )
}
