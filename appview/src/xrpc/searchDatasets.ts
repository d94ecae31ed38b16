import type { searchDatasets as schema } from '@holdfast/lexicons'
import type { SearchMemory } from '../catalog/search/memory/search-memory.ts'
import { withSnippets } from '../catalog/search/query/snippet.ts'
import { searchDatasets as search } from '../catalog/search/searchDatasets.ts'
import type { Db } from '../catalog/sql.ts'
import { readDatasetViews } from '../catalog/views/datasets/dataset-views.ts'
import { toSearchBody } from './search-body.ts'
import type { Answer } from './serve.ts'

/** Datasets by words, phrases, exclusions and filters. */
export function searchDatasets(db: Db, memory: SearchMemory | undefined): Answer<typeof schema.main> {
  return async ({ params }) => {
    const results = await search(db, params, memory)
    const datasets = await readDatasetViews(
      db,
      results.hits.map((hit) => hit.uri),
      { detail: 'card' },
    )
    return { datasets: withSnippets(datasets, results.words), ...toSearchBody(results) }
  }
}
