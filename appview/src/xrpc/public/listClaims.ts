import type { listClaims as schema } from '@holdfast/lexicons'
import { partKey } from '@holdfast/lexicons/gathering'
import { listClaimViews } from '../../catalog/views/gathering/claim-views.ts'
import type { Db } from '../../store/sql.ts'
import { CallerError } from '../caller-error.ts'
import { resolveAuthor, resolveUri } from '../lookups.ts'
import type { Answer } from '../serve.ts'

/** Lists claims of an account, on the parts of a dataset, or on one part, newest first. */
export function listClaims(db: Db): Answer<typeof schema.main> {
  return async ({ params }) => {
    const { author, dataset, part, item, standing, limit, cursor } = params
    if (author === undefined && dataset === undefined && part === undefined)
      throw new CallerError('InvalidQuery', 'Say whose claims are wanted: give author, dataset or part.')
    const resolved = async (uri: string) => (await resolveUri(db, uri)) ?? uri
    return listClaimViews(
      db,
      {
        did: author === undefined ? undefined : await resolveAuthor(db, author),
        dataset: dataset === undefined ? undefined : await resolved(dataset),
        partKey: part === undefined ? undefined : partKey({ uri: await resolved(part), item }),
        standing,
      },
      { limit, cursor },
    )
  }
}
