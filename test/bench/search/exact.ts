import { unboundedCandidates } from '@holdfast/appview/catalog/search/ranking/candidates'
import { search } from '@holdfast/appview/catalog/search/ranking/search'
import { storeEngine } from '@holdfast/appview/catalog/search/ranking/store-engine'
import { type DatasetSearch, searchBy } from '@holdfast/appview/catalog/search/searchDatasets'
import type { TermStatistics } from '@holdfast/appview/catalog/search/terms/statistics'
import type { Db } from '@holdfast/appview/catalog/sql'
import { readOnly } from '@holdfast/appview/catalog/store/read-only'

/** What ranking every match in the store gives, the words weighed by these statistics or by the store's own. */
export function searchExactly(db: Db, parameters: DatasetSearch, statistics?: TermStatistics) {
  return searchBy(db, parameters, (corpus, request) =>
    readOnly(db, (tx) => {
      const engine = storeEngine(tx, corpus, unboundedCandidates)
      const weighing = {
        ...engine,
        statistics: async (bases: readonly number[]) => {
          const own = await engine.statistics(bases)
          return statistics ?? own
        },
      }
      return search(weighing, corpus, request)
    }),
  )
}
