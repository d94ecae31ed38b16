import type { getDataset as schema } from '@holdfast/lexicons'
import { readDatasetViews } from '../../catalog/views/datasets/dataset-views.ts'
import { listTorrentUris } from '../../catalog/views/records/listings.ts'
import { readTorrentViews } from '../../catalog/views/torrents/torrent-views.ts'
import type { Db } from '../../store/sql.ts'
import { nothingVisible, resolveUri } from '../lookups.ts'
import type { Answer } from '../serve.ts'

/** Answers with one dataset and its newest torrents. */
export function getDataset(
  db: Db,
  { trackers }: { trackers: readonly string[] },
): Answer<typeof schema.main> {
  return async ({ params }) => {
    const uri = await resolveUri(db, params.uri)
    const [dataset] = uri === undefined ? [] : await readDatasetViews(db, [uri], { detail: 'page' })
    if (!dataset) throw nothingVisible(params)
    const { uris } = await listTorrentUris(db, { dataset: dataset.uri }, { limit: 100 })
    return { dataset, torrents: await readTorrentViews(db, uris, { detail: 'page', trackers }) }
  }
}
