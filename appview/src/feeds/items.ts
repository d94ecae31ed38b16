import type { defs } from '@holdfast/lexicons'
import { datasetPath, torrentPath } from '../http/page-paths.ts'
import type { FeedItem, FeedTorrent } from './feed.ts'

/** The fields of a dataset record that a feed shows. */
interface DatasetRecord {
  title?: string
  description?: string
  createdAt?: string
  keywords?: readonly { name: string }[]
  license?: { spdx?: string; url?: string; text?: string }
}

/** What is needed for an item besides its record. */
interface ItemContext {
  publicUrl: string
  /** When records were last edited, by AT-URI. */
  edits: ReadonlyMap<string, string>
}

/** Makes a feed's item of a dataset. */
export function datasetItem(
  view: defs.DatasetView,
  torrents: readonly FeedTorrent[],
  { publicUrl, edits }: ItemContext,
): FeedItem {
  const record = (view.mapped ?? view.record) as DatasetRecord
  return {
    id: view.uri,
    title: record.title ?? view.uri,
    pageUrl: `${publicUrl}${datasetPath(view.uri)}`,
    summary: shorten(record.description ?? ''),
    author: view.author.handle ?? view.author.did,
    ...datesOf(record.createdAt, view.indexedAt, edits.get(view.uri)),
    categories: (record.keywords ?? []).slice(0, 50).map(({ name }) => name),
    license: record.license?.spdx ?? record.license?.url ?? record.license?.text?.slice(0, 200),
    torrents,
  }
}

/** Makes a feed's item of a torrent, with its `.torrent` enclosed when the metainfo is verified. */
export function torrentItem(
  view: defs.TorrentView,
  licenses: ReadonlyMap<string, string>,
  { publicUrl, edits }: ItemContext,
): FeedItem {
  const record = view.record as { name?: string; createdAt?: string; method?: string }
  const pageUrl = `${publicUrl}${torrentPath(view)}`
  const title = view.datasets?.[0]?.title
  return {
    id: view.uri,
    title: view.name ?? record.name ?? view.infoHashV2 ?? view.infoHashV1 ?? '',
    pageUrl,
    summary: [title, shorten(record.method ?? '')].filter(Boolean).join('. '),
    author: view.author.handle ?? view.author.did,
    ...datesOf(record.createdAt, view.indexedAt, edits.get(view.uri)),
    categories: [],
    license: view.datasets?.map(({ uri }) => licenses.get(uri)).find((license) => license !== undefined),
    torrents:
      view.metainfoStatus === 'verified' && view.magnet !== undefined
        ? [enclosed({ ...view, magnet: view.magnet }, { publicUrl, swarm: view.swarm })]
        : [],
  }
}

/** Makes the enclosure of verified content. */
export function enclosed(
  content: Pick<defs.TorrentView, 'infoHashV1' | 'infoHashV2' | 'sizeBytes' | 'fileCount'> & {
    magnet: string
  },
  { publicUrl, swarm }: { publicUrl: string; swarm: defs.Swarm | undefined },
): FeedTorrent {
  const { infoHashV1, infoHashV2 = '', magnet, sizeBytes = 0, fileCount = 0 } = content
  return {
    fileUrl: `${publicUrl}${torrentPath(content)}.torrent`,
    magnet,
    infoHash: infoHashV1 ?? infoHashV2.slice(0, 40),
    sizeBytes,
    fileCount,
    seeders: swarm?.seeders,
    leechers: swarm?.leechers,
  }
}

/** The record's own dates, but never later than when it was first seen, so that a date in the future cannot stay on top. */
function datesOf(createdAt: string | undefined, indexedAt: string, editedAt: string | undefined) {
  const createdMs = Date.parse(createdAt ?? '') || Number.POSITIVE_INFINITY
  const publishedAt = new Date(Math.min(createdMs, Date.parse(indexedAt))).toISOString()
  return { publishedAt, updatedAt: editedAt ?? publishedAt }
}

const summaryLength = 600

function shorten(description: string): string {
  const words = description.replaceAll(/\s+/g, ' ').trim()
  return words.length <= summaryLength ? words : `${words.slice(0, summaryLength).toWellFormed()}…`
}
