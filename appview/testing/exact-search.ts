/** Exact searches, with which tests and benchmarks compare the others. */

import { type DatasetResults, type DatasetSearch, searchBy } from '../src/search/datasets.ts'
import { labelFacets } from '../src/search/facet-labels.ts'
import { type Corpus, datasetCorpus } from '../src/search/plan/corpora.ts'
import type { SearchRequest } from '../src/search/plan/request.ts'
import { type SearchOutcome, search } from '../src/search/plan/search.ts'
import { unboundedCandidates } from '../src/search/postgres/candidates.ts'
import { storeEngine } from '../src/search/postgres/store-engine.ts'
import type { TermStatistics } from '../src/search-terms/term-statistics.ts'
import { readOnly } from '../src/store/read-only.ts'
import type { Db } from '../src/store/sql.ts'

/** Ranks every match in the store, with these statistics of words or the store's own. */
export function searchExactly(
  db: Db,
  parameters: DatasetSearch,
  statistics?: TermStatistics,
): Promise<DatasetResults> {
  return searchBy(db, parameters, async (request) => {
    const outcome = await rankEveryMatch(db, { corpus: datasetCorpus, request, statistics })
    return outcome.facets ? { ...outcome, facets: await labelFacets(db, outcome.facets) } : outcome
  })
}

/** Ranks every match of a request that was parsed already. */
export function rankEveryMatch(
  db: Db,
  {
    corpus,
    request,
    statistics,
  }: { corpus: Corpus; request: SearchRequest; statistics?: TermStatistics | undefined },
): Promise<SearchOutcome> {
  return readOnly(db, async (tx) => {
    const engine = storeEngine(tx, corpus, unboundedCandidates)
    const weighing = {
      ...engine,
      statistics: async (bases: readonly number[]) => {
        const own = await engine.statistics(bases)
        return statistics ?? own
      },
    }
    return search(weighing, request)
  })
}
