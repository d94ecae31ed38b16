import type { searchDatasets as schema } from '@holdfast/lexicons'
import { readDatasetViews } from '../../catalog/views/datasets/dataset-views.ts'
import { readWithinBytes } from '../../catalog/views/records/page-bytes.ts'
import { searchDatasets as search } from '../../search/datasets.ts'
import type { SearchMemory } from '../../search/memory/search-memory.ts'
import { withSnippets } from '../../search/query/snippet.ts'
import type { Db } from '../../store/sql.ts'
import { toSearchBody } from '../search-body.ts'
import type { Answer } from '../serve.ts'

/** Searches datasets by words, phrases, exclusions and filters. */
export function searchDatasets(db: Db, memory: SearchMemory | undefined): Answer<typeof schema.main> {
  return async ({ params }) => {
    const results = await readWithinBytes(db, params.limit, {
      read: (limit) => search(db, { ...params, limit }, memory),
      urisOf: ({ hits }) => hits.map(({ uri }) => uri),
    })
    const datasets = await readDatasetViews(
      db,
      results.hits.map((hit) => hit.uri),
      { detail: 'card' },
    )
    return { datasets: withSnippets(datasets, results.words), ...toSearchBody(results) }
  }
}
