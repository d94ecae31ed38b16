import type { getPart as schema } from '@holdfast/lexicons'
import { partKey } from '@holdfast/lexicons/gathering'
import { readPartViews } from '../../catalog/views/gathering/part-views.ts'
import type { Db } from '../../store/sql.ts'
import { nothingVisible, resolveUri } from '../lookups.ts'
import type { Answer } from '../serve.ts'

/** Answers with one part, its claims and its torrents. */
export function getPart(db: Db): Answer<typeof schema.main> {
  return async ({ params }) => {
    const uri = (await resolveUri(db, params.uri)) ?? params.uri
    const [part] = await readPartViews(db, [partKey({ uri, item: params.item })])
    if (!part) throw nothingVisible({ uri: params.uri })
    return { part }
  }
}
