import type { getTorrent as schema } from '@holdfast/lexicons'
import { readDatasetViews } from '../../catalog/views/datasets/dataset-views.ts'
import { readTorrentUrisByInfoHash } from '../../catalog/views/torrents/contents.ts'
import { readTorrentViews } from '../../catalog/views/torrents/torrent-views.ts'
import type { Db } from '../../store/sql.ts'
import { CallerError } from '../caller-error.ts'
import { parseInfoHash } from '../info-hash.ts'
import { nothingVisible, resolveUri } from '../lookups.ts'
import type { Answer } from '../serve.ts'

/** Answers with one torrent record by its AT-URI, or with all visible records that name some content. */
export function getTorrent(
  db: Db,
  { trackers }: { trackers: readonly string[] },
): Answer<typeof schema.main> {
  return async ({ params }) => {
    const uris = await findUris(db, params)
    const torrents = await readTorrentViews(db, uris, { detail: 'page', trackers })
    if (torrents.length === 0) throw nothingVisible(params)
    const named = torrents.flatMap((torrent) => (torrent.datasets ?? []).map((dataset) => dataset.uri))
    const datasets = await readDatasetViews(db, [...new Set(named)].slice(0, 100), { detail: 'card' })
    return { torrents, datasets }
  }
}

async function findUris(db: Db, params: { uri?: string; infoHash?: string }): Promise<string[]> {
  if (params.infoHash !== undefined) return readTorrentUrisByInfoHash(db, parseInfoHash(params.infoHash), 100)
  if (params.uri === undefined)
    throw new CallerError('InvalidInfoHash', 'Give one of the parameters uri and infoHash.')
  const uri = await resolveUri(db, params.uri)
  return uri === undefined ? [] : [uri]
}
