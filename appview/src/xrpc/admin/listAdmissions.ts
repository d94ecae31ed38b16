import type { admin } from '@holdfast/lexicons'
import { listAwaiting, listDecided, readAdmission } from '../../catalog/views/admission-views.ts'
import type { Db } from '../../store/sql.ts'
import { CallerError } from '../caller-error.ts'
import type { Answer } from '../serve.ts'
import { parseSubjects } from './updateAdmission.ts'

/** Lists the operator's decisions, or what waits for one, latest first. */
export function listAdmissions(db: Db): Answer<typeof admin.listAdmissions.main> {
  return async ({ params }) => {
    const { limit, cursor, state } = params
    const kind = toKind(params.kind)
    if (params.subject !== undefined) {
      const subjects = await parseSubjects(db, params.subject)
      const admissions = await Promise.all(subjects.map((subject) => readAdmission(db, subject)))
      return { admissions: admissions.filter((view) => state === undefined || view.state === state) }
    }
    if (state === 'awaiting-review') return listAwaiting(db, { limit, cursor, kind })
    return listDecided(db, { limit, cursor, kind, state })
  }
}

function toKind(text: string | undefined): 'account' | 'record' | 'content' | undefined {
  if (text === undefined || text === 'account' || text === 'record' || text === 'content') return text
  throw new CallerError(
    'InvalidSubject',
    `${text.slice(0, 40)} is not a kind of subject. Use account, record or content.`,
  )
}
