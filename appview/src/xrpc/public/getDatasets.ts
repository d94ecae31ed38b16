import { InvalidRequestError } from '@atproto/xrpc-server'
import type { getDatasets as schema } from '@holdfast/lexicons'
import { readDatasetViews } from '../../catalog/views/datasets/dataset-views.ts'
import { countWithinBytes } from '../../catalog/views/records/page-bytes.ts'
import type { Db } from '../../store/sql.ts'
import { resolveUri } from '../lookups.ts'
import type { Answer } from '../serve.ts'

/** Records of more bytes than this are not answered together. */
const maxBytes = 1_500_000

/** Answers with many datasets by AT-URI, without those that are not visible. */
export function getDatasets(db: Db): Answer<typeof schema.main> {
  return async ({ params }) => {
    const uris = await Promise.all(params.uris.map((uri) => resolveUri(db, uri)))
    const known = [...new Set(uris.filter((uri) => uri !== undefined))]
    if ((await countWithinBytes(db, known, maxBytes)) < known.length)
      throw new InvalidRequestError(
        `These records have more than ${maxBytes / 1e6} MB together. Ask for fewer of them at once.`,
      )
    return { datasets: await readDatasetViews(db, known, { detail: 'card' }) }
  }
}
