import type { listTorrents as schema } from '@holdfast/lexicons'
import { listTorrentUris } from '../../catalog/views/records/listings.ts'
import { readWithinBytes } from '../../catalog/views/records/page-bytes.ts'
import { readTorrentViews } from '../../catalog/views/torrents/torrent-views.ts'
import type { Db } from '../../store/sql.ts'
import { resolveAuthor, resolveUri } from '../lookups.ts'
import type { Answer } from '../serve.ts'

/** Lists the torrents of a dataset, of an account, or both, newest first. */
export function listTorrents(
  db: Db,
  { trackers }: { trackers: readonly string[] },
): Answer<typeof schema.main> {
  return async ({ params }) => {
    const did = params.author === undefined ? undefined : await resolveAuthor(db, params.author)
    const dataset =
      params.dataset === undefined ? undefined : ((await resolveUri(db, params.dataset)) ?? params.dataset)
    const { uris, cursor } = await readWithinBytes(db, params.limit, {
      read: (limit) => listTorrentUris(db, { did, dataset }, { ...params, limit }),
      urisOf: (page) => page.uris,
    })
    return {
      torrents: await readTorrentViews(db, uris, { detail: 'card', trackers }),
      ...(cursor && { cursor }),
    }
  }
}
