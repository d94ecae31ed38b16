import type { updateAdmission as schema } from '@holdfast/lexicons'
import type { Db } from '../catalog/sql.ts'
import { readAdmission } from '../catalog/views/admission-views.ts'
import {
  type AdmissionAction,
  type AdmissionSubject,
  decideAdmission,
} from '../catalog/writes/admission-writes.ts'
import { CallerError } from './caller-error.ts'
import { parseInfoHashes } from './info-hash.ts'
import { resolveAuthor, resolveUri } from './lookups.ts'
import type { Answer } from './serve.ts'

/** Lets in, denies, or takes back the decision on an account, a record or content; for the operator. */
export function updateAdmission(db: Db): Answer<typeof schema.main> {
  return async ({ input }) => {
    const action = toAction(input.action)
    const subjects = await parseSubjects(db, input.subject)
    let affected = 0
    for (const subject of subjects)
      affected += await decideAdmission(db, subject, { action, reason: input.reason })
    return { admission: await readAdmission(db, subjects[0]), affected }
  }
}

/**
 * A DID, a handle, an AT-URI, or content by any form of its infohash: a magnet link may name several.
 *
 * @throws CallerError InvalidSubject
 */
export async function parseSubjects(
  db: Db,
  text: string,
): Promise<[AdmissionSubject, ...AdmissionSubject[]]> {
  const trimmed = text.trim()
  if (/^did:[a-z]+:[\w.:%-]+$/.test(trimmed)) return [{ kind: 'did', value: trimmed }]
  if (/^at:\/\/[^/\s]+\/[^/\s]+\/[^/\s]+$/.test(trimmed)) {
    const uri = await resolveUri(db, trimmed)
    if (uri === undefined)
      throw new CallerError(
        'InvalidSubject',
        `${trimmed}: its handle is of no account this server knows; write the DID.`,
      )
    return [{ kind: 'uri', value: uri }]
  }
  const [first, ...others] = parseInfoHashes(trimmed).map((value) => ({ kind: 'infohash' as const, value }))
  if (first) return [first, ...others]
  const handle = trimmed.replace(/^@/, '').toLowerCase()
  if (/^(?:[a-z\d-]+\.)+[a-z][a-z\d-]*$/.test(handle)) {
    const did = await resolveAuthor(db, handle).catch(() => undefined)
    if (did !== undefined) return [{ kind: 'did', value: did }]
    throw new CallerError(
      'InvalidSubject',
      `The handle ${handle} is of no account this server knows; write the DID.`,
    )
  }
  throw new CallerError(
    'InvalidSubject',
    'Expected a DID, a handle, the AT-URI of a record, an infohash in any form, or a magnet link.',
  )
}

function toAction(text: string): AdmissionAction {
  if (text === 'allow' || text === 'deny' || text === 'restore') return text
  throw new CallerError('InvalidSubject', `${text.slice(0, 40)} is no action; write allow, deny or restore.`)
}
