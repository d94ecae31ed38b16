import type { listParts as schema } from '@holdfast/lexicons'
import { partOfKey } from '@holdfast/lexicons/gathering'
import { countParts, listPartKeys, readPartViews } from '../../catalog/views/gathering/part-views.ts'
import { readWithinBytes } from '../../catalog/views/records/page-bytes.ts'
import type { Db } from '../../store/sql.ts'
import { resolveAuthor, resolveUri } from '../lookups.ts'
import type { Answer } from '../serve.ts'

/** Lists the parts of a dataset, oldest first, and counts all of them by state. */
export function listParts(db: Db): Answer<typeof schema.main> {
  return async ({ params }) => {
    const dataset = (await resolveUri(db, params.dataset)) ?? params.dataset
    const by = params.by === undefined ? undefined : await resolveAuthor(db, params.by)
    const { keys, cursor } = await readWithinBytes(db, params.limit, {
      read: (limit) => listPartKeys(db, { dataset, by, states: params.state }, { ...params, limit }),
      urisOf: (page) => page.keys.map((key) => partOfKey(key).uri),
    })
    return {
      parts: await readPartViews(db, keys),
      counts: await countParts(db, { dataset, by }),
      ...(cursor && { cursor }),
    }
  }
}
