import type { getNextPart as schema } from '@holdfast/lexicons'
import { findNextPart } from '../../catalog/leases.ts'
import { type PartCounting, readPartViews } from '../../catalog/views/gathering/part-views.ts'
import type { Db } from '../../store/sql.ts'
import { noPart } from '../gathering-errors.ts'
import { resolveAuthor, resolveUri } from '../lookups.ts'
import type { Answer } from '../serve.ts'

/** Answers with the part that an account without any would be given next; nothing is handed out. */
export function getNextPart(db: Db, count: PartCounting): Answer<typeof schema.main> {
  return async ({ params }) => {
    const by = params.by === undefined ? undefined : await resolveAuthor(db, params.by)
    const dataset = params.dataset && ((await resolveUri(db, params.dataset)) ?? params.dataset)
    const key = await findNextPart(db, { ...params, dataset, by })
    const [part] = key === undefined ? [] : await readPartViews(db, [key])
    const remaining = await count({ dataset, by })
    if (!part) throw noPart(remaining)
    return { part, remaining }
  }
}
