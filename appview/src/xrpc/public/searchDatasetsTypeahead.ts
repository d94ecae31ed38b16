import type { searchDatasetsTypeahead as schema } from '@holdfast/lexicons'
import type { SearchMemory } from '../../search/memory/search-memory.ts'
import { suggest } from '../../search/suggest.ts'
import type { Db } from '../../store/sql.ts'
import type { Answer } from '../serve.ts'

/** Suggests completions of a query that is being typed. */
export function searchDatasetsTypeahead(
  db: Db,
  memory: SearchMemory | undefined,
): Answer<typeof schema.main> {
  return async ({ params }) => ({
    suggestions: (await suggest(db, params.q, params.limit, memory))
      .suggestions as schema.$OutputBody['suggestions'],
  })
}
