import type { dataset, defs } from '@holdfast/lexicons'
import { readDatasetViews } from '../catalog/views/datasets/dataset-views.ts'
import { readVerifiedTorrents, type VerifiedTorrent } from '../catalog/views/torrents/verified-torrents.ts'
import { datasetPath, torrentPath } from '../http/page-paths.ts'
import type { Db } from '../store/sql.ts'
import type { Described } from './described.ts'
import type { DocumentWriter } from './document-writer.ts'

export interface DescribedParts {
  db: Db
  /** The operator's announce URLs, for magnet links. */
  trackers: readonly string[]
  publicUrl: () => string
  name: string
  documents: DocumentWriter
}

/** Reads the visible ones of these datasets, in the order given. */
export async function describeDatasets(parts: DescribedParts, uris: readonly string[]): Promise<Described[]> {
  const [views, torrents] = await Promise.all([
    readDatasetViews(parts.db, uris, { detail: 'card' }),
    readVerifiedTorrents(parts.db, uris, parts),
  ])
  return views.map((view) => describe(view, torrents.get(view.uri) ?? [], parts.publicUrl()))
}

function describe(
  view: defs.DatasetView,
  torrents: readonly VerifiedTorrent[],
  publicUrl: string,
): Described {
  const pages = torrents.map((torrent) => `${publicUrl}${torrentPath(torrent)}`)
  return {
    uri: view.uri,
    record: (view.mapped ?? view.record) as dataset.Main,
    torrents: torrents.map((torrent, i) => ({ ...torrent, fileUrl: `${pages[i]}.torrent` })),
    author: view.author,
    indexedAt: view.indexedAt,
    page: `${publicUrl}${datasetPath(view.uri)}`,
    torrentPages: Object.fromEntries(torrents.map(({ uri }, i) => [uri, pages[i]!])),
  }
}
