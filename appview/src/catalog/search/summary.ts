import { type Clause, formatQuery } from './query/query.ts'
import type { SearchOutcome } from './ranking/search.ts'
import type { SearchSummary } from './search-results.ts'

/** What both searches answer besides their hits. */
export function summaryOf(outcome: SearchOutcome, typed: string, clauses: readonly Clause[]): SearchSummary {
  const searched = outcome.corrected ?? clauses
  const words = searched
    .filter((clause) => !clause.excluded && clause.field === 'text')
    .flatMap((clause) => clause.words)
  return {
    hitsTotal: outcome.hitsTotal,
    hitsEstimated: outcome.hitsEstimated,
    words: [...new Set(words)],
    ...(outcome.cursor && { cursor: outcome.cursor }),
    ...(outcome.facets && { facets: outcome.facets }),
    ...(outcome.corrected && { correctedFrom: typed, matched: formatQuery(outcome.corrected) }),
  }
}
