import type { suggest as schema } from '@holdfast/lexicons'
import { suggest as complete } from '../catalog/search/query/suggest.ts'
import type { Db } from '../catalog/sql.ts'
import type { Answer } from './serve.ts'

/** Completions of what is being typed. */
export function suggest(db: Db): Answer<typeof schema.main> {
  return async ({ params }) => ({
    suggestions: (await complete(db, params.q, params.limit)) as schema.$OutputBody['suggestions'],
  })
}
