import type { getDatasets as schema } from '@holdfast/lexicons'
import type { Db } from '../catalog/sql.ts'
import { readDatasetViews } from '../catalog/views/datasets/dataset-views.ts'
import { resolveUri } from './lookups.ts'
import type { Answer } from './serve.ts'

/** Many datasets by AT-URI; those that are not visible are left out. */
export function getDatasets(db: Db): Answer<typeof schema.main> {
  return async ({ params }) => {
    const uris = await Promise.all(params.uris.map((uri) => resolveUri(db, uri)))
    const known = [...new Set(uris.filter((uri) => uri !== undefined))]
    return { datasets: await readDatasetViews(db, known, { detail: 'card' }) }
  }
}
