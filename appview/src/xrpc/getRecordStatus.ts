import type { getRecordStatus as schema } from '@holdfast/lexicons'
import type { Db } from '../catalog/sql.ts'
import { readRecordStatus } from '../catalog/views/records/record-status.ts'
import { resolveUri } from './lookups.ts'
import type { Answer } from './serve.ts'

/** Whether a record is indexed, waiting or refused, and why. */
export function getRecordStatus(db: Db): Answer<typeof schema.main> {
  return async ({ params }) => readRecordStatus(db, (await resolveUri(db, params.uri)) ?? params.uri)
}
