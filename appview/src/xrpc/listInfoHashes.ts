import type { listInfoHashes as schema } from '@holdfast/lexicons'
import type { Db } from '../catalog/sql.ts'
import { readAllowList } from '../catalog/views/torrents/allow-list.ts'
import type { Answer } from './serve.ts'

/** The allow-list, for trackers. */
export function listInfoHashes(db: Db): Answer<typeof schema.main> {
  return ({ params }) => readAllowList(db, params)
}
