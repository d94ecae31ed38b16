import { isPlainObject, type LexValue } from '@atproto/lex-data'
import { jsonToLex } from '@atproto/lex-json'
import type { Infer, LexValidationError } from '@atproto/lex-schema'
import * as schemas from './index.ts'
import { type Collection, collections } from './nsid.ts'
import { type Refusal, ruleBroken } from './rules.ts'

/** The generated record type of each collection. */
export interface RecordTypes {
  [collections.dataset]: Infer<typeof schemas.dataset.main>
  [collections.torrent]: Infer<typeof schemas.torrent.main>
  [collections.webseed]: Infer<typeof schemas.webseed.main>
  [collections.assessment]: Infer<typeof schemas.assessment.main>
  [collections.profile]: Infer<typeof schemas.profile.main>
  [collections.part]: Infer<typeof schemas.part.main>
  [collections.claim]: Infer<typeof schemas.claim.main>
}

/** The record, typed; or its first fault, with the path of the field, such as `sources/0/url`. */
export type Validated<R> = { readonly ok: true; readonly record: R } | ({ readonly ok: false } & Refusal)

/**
 * Checks a record, as decoded from CBOR, against its lexicon and against the rules a lexicon cannot express,
 * such as "at least one infohash". `$type`s must be canonical (`normalizeTypes`).
 */
export function validateRecord<C extends Collection>(
  collection: C,
  value: unknown,
): Validated<RecordTypes[C]> {
  const result = recordSchemas[collection].safeValidate(value, { strict: true })
  if (!result.success) return { ok: false, ...refusal(result.reason) }
  const broken = ruleBroken(collection, result.value)
  if (broken) return { ok: false, ...broken }
  return { ok: true, record: result.value as RecordTypes[C] }
}

/** Like `validateRecord`, for a record in its JSON form, where CIDs are `{"$link"}` and bytes `{"$bytes"}`. */
export function validateRecordJson<C extends Collection>(
  collection: C,
  json: unknown,
): Validated<RecordTypes[C]> {
  let value: LexValue
  try {
    value = jsonToLex(json as Parameters<typeof jsonToLex>[0])
  } catch (error) {
    return { ok: false, field: '', message: `not the JSON form of a record: ${(error as Error).message}` }
  }
  return validateRecord(collection, value)
}

/** Whether a record of a collection may have this key: any key, a TID, or the one literal, depending on the collection. */
export function isRecordKey(collection: Collection, rkey: string): boolean {
  return recordSchemas[collection].keySchema.safeValidate(rkey).success
}

/** Whether the `$type` of a value is this collection. */
export function isRecordOf<C extends Collection>(collection: C, value: unknown): value is RecordTypes[C] {
  return isPlainObject(value) && value.$type === collection
}

const recordSchemas = {
  [collections.dataset]: schemas.dataset.main,
  [collections.torrent]: schemas.torrent.main,
  [collections.webseed]: schemas.webseed.main,
  [collections.assessment]: schemas.assessment.main,
  [collections.profile]: schemas.profile.main,
  [collections.part]: schemas.part.main,
  [collections.claim]: schemas.claim.main,
}

function refusal(error: LexValidationError): Refusal {
  const issue = error.issues[0]
  if (!issue) return { field: '', message: error.message }
  const missing = issue.code === 'required_key' && 'key' in issue ? [issue.key] : []
  const field = [...issue.path, ...missing].map(String).join('/')
  return { field, message: `${field === '' ? 'the record' : field}: ${issue.message}` }
}
