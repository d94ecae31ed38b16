/** Datasets as the mappings to other vocabularies take them, with what this index knows of their records. */
import type { dataset, defs } from '@holdfast/lexicons'
import type { DescribedDataset } from '@holdfast/lexicons/vocabularies/described-dataset'
import type { Db } from '../catalog/sql.ts'
import { readDatasetViews } from '../catalog/views/datasets/dataset-views.ts'
import { type HeldTorrent, readHeldTorrents } from '../catalog/views/torrents/held-torrents.ts'
import { datasetPath, torrentPath } from '../page-paths.ts'

export interface DescribedParts {
  db: Db
  /** The operator's announce URLs, for magnet links. */
  trackers: readonly string[]
  publicUrl: () => string
  name: string
}

export interface Described extends DescribedDataset {
  readonly author: defs.AuthorView
  /** When this index first saw the record. */
  readonly indexedAt: string
  /** Where the dataset's page is. */
  readonly page: string
  /** Where the page of each torrent is, by AT-URI. */
  readonly torrentPages: ReadonlyMap<string, string>
}

/** The visible ones of these datasets, in the order asked for. */
export async function describeDatasets(parts: DescribedParts, uris: readonly string[]): Promise<Described[]> {
  const [views, held] = await Promise.all([
    readDatasetViews(parts.db, uris, { detail: 'card' }),
    readHeldTorrents(parts.db, uris, parts),
  ])
  return views.map((view) => describe(view, held.get(view.uri) ?? [], parts.publicUrl()))
}

function describe(view: defs.DatasetView, held: readonly HeldTorrent[], publicUrl: string): Described {
  const pages = held.map((torrent) => `${publicUrl}${torrentPath(torrent)}`)
  return {
    uri: view.uri,
    record: (view.mapped ?? view.record) as dataset.Main,
    torrents: held.map((torrent, i) => ({ ...torrent, fileUrl: `${pages[i]}.torrent` })),
    author: view.author,
    indexedAt: view.indexedAt,
    page: `${publicUrl}${datasetPath(view.uri)}`,
    torrentPages: new Map(held.map(({ uri }, i) => [uri, pages[i]!])),
  }
}
