import type { searchDatasets } from '@holdfast/lexicons'
import type { SearchSummary } from '../search/search-results.ts'

type SearchBody = Omit<searchDatasets.$OutputBody, 'datasets'>

/** Makes the part of an answer that all searches share: everything but the results. */
export function toSearchBody(summary: SearchSummary): SearchBody {
  const { cursor, facets, hitsTotal, hitsEstimated, typedQuery, searchedQuery } = summary
  const { recognizedIdentifier } = summary
  return {
    ...(cursor && { cursor }),
    ...(facets && { facets }),
    hitsTotal,
    hitsEstimated,
    ...(typedQuery !== undefined && { typedQuery }),
    ...(searchedQuery !== undefined && { searchedQuery }),
    ...(recognizedIdentifier && {
      recognizedIdentifier: recognizedIdentifier as NonNullable<SearchBody['recognizedIdentifier']>,
    }),
  }
}
