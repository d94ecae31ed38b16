import type { searchTorrents as schema } from '@holdfast/lexicons'
import { readWithinBytes } from '../../catalog/views/records/page-bytes.ts'
import { readTorrentViews } from '../../catalog/views/torrents/torrent-views.ts'
import { searchTorrents as search } from '../../search/torrents.ts'
import type { Db } from '../../store/sql.ts'
import { toSearchBody } from '../search-body.ts'
import type { Answer } from '../serve.ts'

/** Searches torrents by words in their names and file paths. */
export function searchTorrents(
  db: Db,
  { trackers }: { trackers: readonly string[] },
): Answer<typeof schema.main> {
  return async ({ params }) => {
    const results = await readWithinBytes(db, params.limit, {
      read: (limit) => search(db, { ...params, limit }),
      urisOf: ({ hits }) => hits.map(({ uri }) => uri),
    })
    const matched = new Map(results.hits.map((hit) => [hit.uri, hit.matchedFiles]))
    const views = await readTorrentViews(db, [...matched.keys()], { detail: 'card', trackers })
    const torrents = views.map((view) => {
      const files = (matched.get(view.uri) ?? []).map(({ piecesRoot, ...file }) => ({
        ...file,
        ...(piecesRoot && { piecesRoot }),
      }))
      return files.length === 0 ? view : { ...view, matchedFiles: files }
    })
    return { torrents, ...toSearchBody(results) }
  }
}
