import type { admin } from '@holdfast/lexicons'
import { listDecisions as readDecisions } from '../../catalog/decisions.ts'
import { subjectKindNames } from '../../catalog/views/admission-views.ts'
import type { Db } from '../../store/sql.ts'
import type { Answer } from '../serve.ts'
import { parseSubjects } from './updateAdmission.ts'

/** Lists the history of the operator's decisions, latest first. */
export function listDecisions(db: Db): Answer<typeof admin.listDecisions.main> {
  return async ({ params }) => {
    const { limit, cursor, subject } = params
    const subjects = subject === undefined ? undefined : await parseSubjects(db, subject)
    const page = await readDecisions(db, { limit, cursor, subjects: subjects?.map(({ value }) => value) })
    return {
      ...(page.cursor && { cursor: page.cursor }),
      decisions: page.decisions.map(({ id, at, action, subject, subjectKind, reason, by }) => ({
        id,
        subject,
        kind: subjectKindNames[subjectKind],
        action,
        ...(reason !== null && { reason }),
        ...(by !== null && { by }),
        createdAt: at as admin.listDecisions.Decision['createdAt'],
      })),
    }
  }
}
