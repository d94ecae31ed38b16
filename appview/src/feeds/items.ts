import type { defs } from '@holdfast/lexicons'
import { datasetPath, torrentPath } from '../page-paths.ts'
import type { FeedItem, FeedTorrent } from './feed.ts'

/** The fields of a dataset record that a feed shows. */
interface DatasetRecord {
  title?: string
  description?: string
  createdAt?: string
  keywords?: readonly { name: string }[]
  license?: { spdx?: string; url?: string; text?: string }
}

/** What an item needs beside its record. */
interface ItemContext {
  publicUrl: string
  /** When the record was last edited; absent where it never was. */
  editedAt: string | undefined
}

/** A dataset as a feed's item. */
export function datasetItem(view: defs.DatasetView, { publicUrl, editedAt }: ItemContext): FeedItem {
  const record = (view.mapped ?? view.record) as DatasetRecord
  return {
    id: view.uri,
    title: record.title ?? view.uri,
    pageUrl: `${publicUrl}${datasetPath(view.uri)}`,
    summary: shorten(record.description ?? ''),
    author: view.author.handle ?? view.author.did,
    ...datesOf({ createdAt: record.createdAt, indexedAt: view.indexedAt, editedAt }),
    categories: (record.keywords ?? []).slice(0, 50).map(({ name }) => name),
    license: record.license?.spdx ?? record.license?.url ?? record.license?.text?.slice(0, 200),
  }
}

/** A torrent as a feed's item, with its `.torrent` enclosed where the metainfo is verified. */
export function torrentItem(view: defs.TorrentView, { publicUrl, editedAt }: ItemContext): FeedItem {
  const record = view.record as { name?: string; createdAt?: string; method?: string }
  const pageUrl = `${publicUrl}${torrentPath(view)}`
  const title = view.datasets?.[0]?.title
  return {
    id: view.uri,
    title: view.name ?? record.name ?? view.infoHashV2 ?? view.infoHashV1 ?? '',
    pageUrl,
    summary: [title, shorten(record.method ?? '')].filter(Boolean).join('. '),
    author: view.author.handle ?? view.author.did,
    ...datesOf({ createdAt: record.createdAt, indexedAt: view.indexedAt, editedAt }),
    categories: [],
    torrent: enclosure(view, `${pageUrl}.torrent`),
  }
}

function enclosure(view: defs.TorrentView, fileUrl: string): FeedTorrent | undefined {
  if (view.metainfoStatus !== 'verified' || view.magnet === undefined) return undefined
  return {
    fileUrl,
    magnet: view.magnet,
    infoHash: view.infoHashV1 ?? (view.infoHashV2 ?? '').slice(0, 40),
    sizeBytes: view.sizeBytes ?? 0,
    fileCount: view.fileCount ?? 0,
    seeders: view.swarm?.seeders,
    leechers: view.swarm?.leechers,
  }
}

/** The record's own time, but never later than when it was first seen: nobody pins a feed's top with a date to come. */
function datesOf(dates: { createdAt: string | undefined; indexedAt: string; editedAt: string | undefined }) {
  const createdMs = Date.parse(dates.createdAt ?? '') || Number.POSITIVE_INFINITY
  const publishedAt = new Date(Math.min(createdMs, Date.parse(dates.indexedAt))).toISOString()
  return { publishedAt, updatedAt: dates.editedAt ?? publishedAt }
}

const summaryLength = 600

function shorten(description: string): string {
  const words = description.replaceAll(/\s+/g, ' ').trim()
  return words.length <= summaryLength ? words : `${words.slice(0, summaryLength).toWellFormed()}…`
}
