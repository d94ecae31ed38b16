import type { listDatasets as schema } from '@holdfast/lexicons'
import { readDatasetViews } from '../../catalog/views/datasets/dataset-views.ts'
import { listDatasetUris } from '../../catalog/views/records/listings.ts'
import { readWithinBytes } from '../../catalog/views/records/page-bytes.ts'
import type { Db } from '../../store/sql.ts'
import { resolveAuthor } from '../lookups.ts'
import type { Answer } from '../serve.ts'

/** Lists the datasets that an account has described, newest first. */
export function listDatasets(db: Db): Answer<typeof schema.main> {
  return async ({ params }) => {
    const did = await resolveAuthor(db, params.author)
    const { uris, cursor } = await readWithinBytes(db, params.limit, {
      read: (limit) => listDatasetUris(db, { did }, { ...params, limit }),
      urisOf: (page) => page.uris,
    })
    return { datasets: await readDatasetViews(db, uris, { detail: 'card' }), ...(cursor && { cursor }) }
  }
}
