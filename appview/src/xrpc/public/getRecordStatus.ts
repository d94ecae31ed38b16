import type { getRecordStatus as schema } from '@holdfast/lexicons'
import { readRecordStatus } from '../../catalog/views/records/record-status.ts'
import type { Db } from '../../store/sql.ts'
import { resolveUri } from '../lookups.ts'
import type { Answer } from '../serve.ts'

/** Answers whether a record is indexed, waiting or refused, and why. */
export function getRecordStatus(db: Db): Answer<typeof schema.main> {
  return async ({ params }) => readRecordStatus(db, (await resolveUri(db, params.uri)) ?? params.uri)
}
