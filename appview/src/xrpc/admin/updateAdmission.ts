import type { admin } from '@holdfast/lexicons'
import { type DecisionJournal, decideAdmission } from '../../catalog/admissions.ts'
import type { AdmissionAction, AdmissionSubject } from '../../catalog/decisions.ts'
import { readAdmission } from '../../catalog/views/admission-views.ts'
import type { Db } from '../../store/sql.ts'
import { CallerError } from '../caller-error.ts'
import { parseInfoHashes } from '../info-hash.ts'
import { resolveAuthor, resolveUri } from '../lookups.ts'
import type { Answer } from '../serve.ts'

/** Lets the operator allow or deny an account, a record or content, or take such a decision back. */
export function updateAdmission(
  db: Db,
  journal?: DecisionJournal,
): Answer<typeof admin.updateAdmission.main> {
  return async ({ input }) => {
    const action = toAction(input.action)
    const subjects = await parseSubjects(db, input.subject)
    // A decision on an impossible DID, which an older version accepted, can be taken back.
    if (action !== 'restore')
      for (const { kind, value } of subjects) if (kind === 'did') assertPossibleDid(value)
    let affected = 0
    for (const subject of subjects)
      affected += await decideAdmission(db, subject, { action, reason: input.reason, by: input.by, journal })
    return { admission: await readAdmission(db, subjects[0]), affected }
  }
}

/**
 * Reads a DID, a handle, an AT-URI, or content by any form of its infohash; a magnet link may name several infohashes.
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
        `This server knows no account with the handle in ${trimmed}. Use the DID instead.`,
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
      `This server knows no account with the handle ${handle}. Use the DID instead.`,
    )
  }
  throw new CallerError(
    'InvalidSubject',
    'Expected a DID, a handle, the AT-URI of a record, an infohash in any form, or a magnet link.',
  )
}

/** The AT Protocol has accounts of these two kinds. @throws CallerError InvalidSubject */
function assertPossibleDid(did: string): void {
  if (/^did:plc:[a-z2-7]{24}$/.test(did)) return
  if (/^did:web:(?:localhost(?:%3A\d+)?|(?:[a-z\d-]+\.)+[a-z\d-]+)$/.test(did)) return
  throw new CallerError(
    'InvalidSubject',
    `No account can have the DID ${did.slice(0, 100)}. A DID is did:plc: with 24 characters (a to z, 2 to 7), or did:web: with a domain name. Check that you copied all of it.`,
  )
}

function toAction(text: string): AdmissionAction {
  if (text === 'allow' || text === 'deny' || text === 'restore') return text
  throw new CallerError(
    'InvalidSubject',
    `${text.slice(0, 40)} is not an action. Use allow, deny or restore.`,
  )
}
