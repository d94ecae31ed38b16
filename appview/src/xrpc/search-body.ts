import type { searchDatasets } from '@holdfast/lexicons'
import type { SearchSummary } from '../catalog/search/search-results.ts'

type SearchBody = Omit<searchDatasets.$OutputBody, 'datasets'>

/** What every search answers besides its results. */
export function toSearchBody(summary: SearchSummary): SearchBody {
  const { cursor, facets, hitsTotal, hitsEstimated, correctedFrom, matched, direct } = summary
  return {
    ...(cursor && { cursor }),
    ...(facets && { facets }),
    hitsTotal,
    hitsEstimated,
    ...(correctedFrom !== undefined && { correctedFrom }),
    ...(matched !== undefined && { matched }),
    ...(direct && { direct: direct as NonNullable<SearchBody['direct']> }),
  }
}
