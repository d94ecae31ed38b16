import type { Db } from '../sql.ts'
import type { SearchSummary } from './search-results.ts'

/** The parameters of `org.holdfast.searchTorrents`, under their own names. Instants are ISO 8601, sizes bytes. */
export interface TorrentSearch {
  q?: string | undefined
  /** A DID or a handle. */
  author?: string | undefined
  dataset?: string | undefined
  metainfoStatus?: string | undefined
  hasWebSeed?: boolean | undefined
  minSeeders?: number | undefined
  maxSeeders?: number | undefined
  minSizeBytes?: number | undefined
  maxSizeBytes?: number | undefined
  createdAfter?: string | undefined
  createdBefore?: string | undefined
  indexedAfter?: string | undefined
  indexedBefore?: string | undefined
  sort?: string | undefined
  facets?: readonly string[] | undefined
  limit?: number | undefined
  cursor?: string | undefined
}

export interface TorrentHit {
  id: number
  uri: string
  /** Files whose paths matched words of the query, at most 20. */
  matchedFiles: { path: string; sizeBytes: number; piecesRoot: string | null; index: number }[]
}

export interface TorrentResults extends SearchSummary {
  hits: TorrentHit[]
}

/**
 * Searches visible torrent records by the words of their names and file paths.
 *
 * @throws SearchError with the lexicon's error name: InvalidQuery, InvalidCursor, AuthorNotFound.
 */
export async function searchTorrents(_db: Db, _search: TorrentSearch): Promise<TorrentResults> {
  return { hits: [], hitsTotal: 0, hitsEstimated: false, words: [] }
}
