import type { getDatasets as schema } from '@holdfast/lexicons'
import { readDatasetViews } from '../../catalog/views/datasets/dataset-views.ts'
import type { Db } from '../../store/sql.ts'
import { resolveUri } from '../lookups.ts'
import type { Answer } from '../serve.ts'

/** Answers with many datasets by AT-URI, without those that are not visible. */
export function getDatasets(db: Db): Answer<typeof schema.main> {
  return async ({ params }) => {
    const uris = await Promise.all(params.uris.map((uri) => resolveUri(db, uri)))
    const known = [...new Set(uris.filter((uri) => uri !== undefined))]
    return { datasets: await readDatasetViews(db, known, { detail: 'card' }) }
  }
}
