/** Reads the items of each feed. A feed is a search whose results are sorted by date, newest first. */
import { searchDatasets as datasetLexicon, searchTorrents as torrentLexicon } from '@holdfast/lexicons'
import { swarmKey } from '../catalog/swarms/contents.ts'
import { readDatasetViews } from '../catalog/views/datasets/dataset-views.ts'
import { readLostSources } from '../catalog/views/datasets/lost-sources.ts'
import { readEdits, readLicenses } from '../catalog/views/feed-views.ts'
import { readSwarms } from '../catalog/views/torrents/swarm-views.ts'
import { readTorrentViews } from '../catalog/views/torrents/torrent-views.ts'
import { readVerifiedTorrents, type VerifiedTorrent } from '../catalog/views/torrents/verified-torrents.ts'
import { searchDatasets } from '../search/datasets.ts'
import type { SearchMemory } from '../search/memory/search-memory.ts'
import { searchTorrents } from '../search/torrents.ts'
import type { Db } from '../store/sql.ts'
import type { DocumentWriter } from './document-writer.ts'
import type { FeedItem, FeedTorrent } from './feed.ts'
import { datasetItem, enclosed, torrentItem } from './items.ts'

export interface FeedParts {
  db: Db
  memory: SearchMemory | undefined
  /** The operator's announce URLs, for magnet links. */
  trackers: readonly string[]
  publicUrl: () => string
  name: string
  documents: DocumentWriter
}

const pageSize = '50'

/** Reads datasets by any parameters of `searchDatasets`; newest first by default. Throws what the search throws. */
export async function datasetItems(parts: FeedParts, query: URLSearchParams): Promise<FeedItem[]> {
  const parameters = datasetLexicon.main.parameters.fromURLSearchParams(withDefaults(query))
  const { hits } = await searchDatasets(parts.db, parameters, parts.memory)
  return itemsOf(
    parts,
    hits.map((hit) => hit.uri),
  )
}

/** Reads datasets whose sources are lost, dated by when the last source went. A dataset that is lost again is a new item. */
export async function lostItems(parts: FeedParts): Promise<FeedItem[]> {
  const lost = await readLostSources(parts.db, Number(pageSize))
  const items = await itemsOf(
    parts,
    lost.map(({ uri }) => uri),
  )
  const byUri = new Map(lost.map((source) => [source.uri, source]))
  return items.flatMap((item) => {
    const { url, status, since } = byUri.get(item.id) ?? {}
    if (since === undefined) return []
    const summary = `${url} is lost: ${status}. ${item.summary}`.trim()
    return { ...item, id: `${item.id}#lost=${since}`, summary, publishedAt: since, updatedAt: since }
  })
}

/** Makes items of the visible ones of these datasets, in the order given. */
async function itemsOf(parts: FeedParts, uris: readonly string[]): Promise<FeedItem[]> {
  const views = await readDatasetViews(parts.db, uris, { detail: 'card' })
  const [edits, torrents] = await Promise.all([readEdits(parts.db, uris), torrentsOf(parts, uris)])
  const context = { publicUrl: parts.publicUrl(), edits }
  return views.map((view) => datasetItem(view, torrents.get(view.uri) ?? [], context))
}

/** The most torrents named for one dataset; the newest are chosen. */
const mostEnclosed = 10

/** Reads the verified torrents of each dataset, newest first. */
async function torrentsOf(parts: FeedParts, uris: readonly string[]): Promise<Map<string, FeedTorrent[]>> {
  const found = await readVerifiedTorrents(parts.db, uris, parts)
  const newest = [...found].map(([uri, torrents]) => [uri, torrents.slice(0, mostEnclosed)] as const)
  const swarms = await readSwarms(
    parts.db,
    newest.flatMap(([, torrents]) => torrents.map(nameOf)),
  )
  const publicUrl = parts.publicUrl()
  return new Map(
    newest.map(([uri, torrents]) => [
      uri,
      torrents.map((torrent) => enclosed(torrent, { publicUrl, swarm: swarms.get(nameOf(torrent)) })),
    ]),
  )
}

function nameOf({ infoHashV1, infoHashV2 }: VerifiedTorrent): string {
  return swarmKey({ infoHashV1: infoHashV1 ?? null, infoHashV2: infoHashV2 ?? null })
}

/** Reads torrents by any parameters of `searchTorrents`; newest first by default. Throws what the search throws. */
export async function torrentItems(parts: FeedParts, query: URLSearchParams): Promise<FeedItem[]> {
  return (await torrentPage(parts, query)).items
}

/** Like {@link torrentItems}, but also returns the cursor of the next page. */
export async function torrentPage(
  parts: FeedParts,
  query: URLSearchParams,
): Promise<{ items: FeedItem[]; cursor: string | undefined; total: number | undefined }> {
  const parameters = torrentLexicon.main.parameters.fromURLSearchParams(withDefaults(query))
  const { hits, cursor, hitsTotal } = await searchTorrents(parts.db, parameters)
  const uris = hits.map((hit) => hit.uri)
  const views = await readTorrentViews(parts.db, uris, { detail: 'card', trackers: parts.trackers })
  const datasets = views.flatMap((view) => (view.datasets ?? []).map(({ uri }) => uri as string))
  const [edits, licenses] = await Promise.all([
    readEdits(parts.db, uris),
    readLicenses(parts.db, [...new Set(datasets)]),
  ])
  const context = { publicUrl: parts.publicUrl(), edits }
  return { items: views.map((view) => torrentItem(view, licenses, context)), cursor, total: hitsTotal }
}

function withDefaults(query: URLSearchParams): URLSearchParams {
  const full = new URLSearchParams(query)
  if (!full.has('sort')) full.set('sort', 'newest')
  if (!full.has('limit')) full.set('limit', pageSize)
  return full
}
