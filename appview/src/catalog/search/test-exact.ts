/** What other searches are held against, in tests and benchmarks. */
import type { Db } from '../sql.ts'
import { readOnly } from '../store/read-only.ts'
import { labelFacets } from './corpora/facet-labels.ts'
import { unboundedCandidates } from './ranking/candidates.ts'
import { search } from './ranking/search.ts'
import { storeEngine } from './ranking/store-engine.ts'
import { type DatasetResults, type DatasetSearch, searchBy } from './searchDatasets.ts'
import type { TermStatistics } from './terms/statistics.ts'

/** What ranking every match in the store gives, the words weighed by these statistics or by the store's own. */
export function searchExactly(
  db: Db,
  parameters: DatasetSearch,
  statistics?: TermStatistics,
): Promise<DatasetResults> {
  return searchBy(db, parameters, (corpus, request) =>
    readOnly(db, async (tx) => {
      const engine = storeEngine(tx, corpus, unboundedCandidates)
      const weighing = {
        ...engine,
        statistics: async (bases: readonly number[]) => {
          const own = await engine.statistics(bases)
          return statistics ?? own
        },
      }
      const outcome = await search(weighing, corpus, request)
      return outcome.facets ? { ...outcome, facets: await labelFacets(tx, outcome.facets) } : outcome
    }),
  )
}
