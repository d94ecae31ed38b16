/** The feeds there are: each a search with its newest first. */
import { searchDatasets as datasetLexicon, searchTorrents as torrentLexicon } from '@holdfast/lexicons'
import { searchDatasets } from '../catalog/search/searchDatasets.ts'
import { searchTorrents } from '../catalog/search/searchTorrents.ts'
import type { Db } from '../catalog/sql.ts'
import { readDatasetViews } from '../catalog/views/dataset-views.ts'
import { readEdits } from '../catalog/views/edits.ts'
import { readTorrentViews } from '../catalog/views/torrent-views.ts'
import type { FeedItem } from './feed.ts'
import { datasetItem, torrentItem } from './items.ts'

export interface FeedParts {
  db: Db
  /** The operator's announce URLs, for magnet links. */
  trackers: readonly string[]
  publicUrl: () => string
  name: string
}

const pageSize = '50'

/** Datasets by any parameters of `searchDatasets`; newest first unless asked otherwise. Throws what the search throws. */
export async function datasetItems(parts: FeedParts, query: URLSearchParams): Promise<FeedItem[]> {
  const parameters = datasetLexicon.main.parameters.fromURLSearchParams(withDefaults(query))
  const { hits } = await searchDatasets(parts.db, parameters)
  const uris = hits.map((hit) => hit.uri)
  const views = await readDatasetViews(parts.db, uris, { detail: 'card' })
  const edits = await readEdits(parts.db, uris)
  return views.map((view) => datasetItem(view, contextOf(parts, edits.get(view.uri))))
}

/** Torrents by any parameters of `searchTorrents`; newest first unless asked otherwise. Throws what the search throws. */
export async function torrentItems(parts: FeedParts, query: URLSearchParams): Promise<FeedItem[]> {
  return (await torrentPage(parts, query)).items
}

/** The same with where the next page begins. */
export async function torrentPage(
  parts: FeedParts,
  query: URLSearchParams,
): Promise<{ items: FeedItem[]; cursor: string | undefined; total: number | undefined }> {
  const parameters = torrentLexicon.main.parameters.fromURLSearchParams(withDefaults(query))
  const { hits, cursor, hitsTotal } = await searchTorrents(parts.db, parameters)
  const uris = hits.map((hit) => hit.uri)
  const views = await readTorrentViews(parts.db, uris, { detail: 'card', trackers: parts.trackers })
  const edits = await readEdits(parts.db, uris)
  const items = views.map((view) => torrentItem(view, contextOf(parts, edits.get(view.uri))))
  return { items, cursor, total: hitsTotal }
}

function contextOf(parts: FeedParts, editedAt: string | undefined) {
  return { publicUrl: parts.publicUrl(), editedAt }
}

function withDefaults(query: URLSearchParams): URLSearchParams {
  const full = new URLSearchParams(query)
  if (!full.has('sort')) full.set('sort', 'newest')
  if (!full.has('limit')) full.set('limit', pageSize)
  return full
}
