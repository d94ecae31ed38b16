import type { getDataset as schema } from '@holdfast/lexicons'
import type { Db } from '../catalog/sql.ts'
import { readDatasetViews } from '../catalog/views/datasets/dataset-views.ts'
import { listTorrentUris } from '../catalog/views/records/listings.ts'
import { readTorrentViews } from '../catalog/views/torrents/torrent-views.ts'
import { CallerError } from './caller-error.ts'
import { resolveUri } from './lookups.ts'
import type { Answer } from './serve.ts'

/** One dataset with its newest torrents. */
export function getDataset(
  db: Db,
  { trackers }: { trackers: readonly string[] },
): Answer<typeof schema.main> {
  return async ({ params }) => {
    const uri = await resolveUri(db, params.uri)
    const [dataset] = uri === undefined ? [] : await readDatasetViews(db, [uri], { detail: 'page' })
    if (!dataset)
      throw new CallerError(
        'RecordNotFound',
        `No visible dataset has the URI ${params.uri}; getRecordStatus says why.`,
      )
    const { uris } = await listTorrentUris(db, { dataset: dataset.uri }, { limit: 100 })
    return { dataset, torrents: await readTorrentViews(db, uris, { detail: 'page', trackers }) }
  }
}
