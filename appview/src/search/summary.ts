import type { SearchOutcome } from './plan/search.ts'
import { type Clause, formatQuery } from './query/query.ts'
import { writePosition } from './search-cursor.ts'
import type { SearchSummary } from './search-results.ts'

/** Makes what searches of datasets and of torrents return besides their hits. */
export function summaryOf(
  outcome: SearchOutcome,
  { typed, clauses, identity }: { typed: string; clauses: readonly Clause[]; identity: string },
): SearchSummary {
  const searched = outcome.corrected ?? clauses
  const words = searched
    .filter((clause) => !clause.excluded && clause.field === 'text')
    .flatMap((clause) => clause.words)
  return {
    hitsTotal: outcome.hitsTotal,
    hitsEstimated: outcome.hitsEstimated,
    words: [...new Set(words)],
    ...(outcome.next && { cursor: writePosition(identity, outcome.next) }),
    ...(outcome.facets && { facets: outcome.facets }),
    ...(outcome.corrected && { typedQuery: typed, searchedQuery: formatQuery(outcome.corrected) }),
  }
}
