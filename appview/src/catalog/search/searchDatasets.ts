import type { Db } from '../sql.ts'
import type { SearchSummary } from './search-results.ts'

/** The parameters of `org.holdfast.searchDatasets`, under their own names. Instants are ISO 8601, sizes bytes. */
export interface DatasetSearch {
  q?: string | undefined
  keyword?: readonly string[] | undefined
  publisher?: string | undefined
  license?: string | undefined
  risk?: readonly string[] | undefined
  scarcity?: readonly string[] | undefined
  format?: string | undefined
  /** A DID or a handle. */
  author?: string | undefined
  hasTorrent?: boolean | undefined
  minSeeders?: number | undefined
  maxSeeders?: number | undefined
  minSizeBytes?: number | undefined
  maxSizeBytes?: number | undefined
  goneBefore?: string | undefined
  createdAfter?: string | undefined
  createdBefore?: string | undefined
  indexedAfter?: string | undefined
  indexedBefore?: string | undefined
  /** DIDs or handles. */
  assessedBy?: readonly string[] | undefined
  sort?: string | undefined
  facets?: readonly string[] | undefined
  limit?: number | undefined
  cursor?: string | undefined
}

/** One card: the describer that fits the query best stands for its group. */
export interface DatasetHit {
  id: number
  uri: string
  groupId: number
}

export interface DatasetResults extends SearchSummary {
  hits: DatasetHit[]
}

/**
 * Searches visible datasets, one hit a group, in order.
 *
 * @throws SearchError with the lexicon's error name: InvalidQuery, InvalidCursor, AuthorNotFound.
 */
export async function searchDatasets(_db: Db, _search: DatasetSearch): Promise<DatasetResults> {
  return { hits: [], hitsTotal: 0, hitsEstimated: false, words: [] }
}
