import type { listInfoHashes as schema } from '@holdfast/lexicons'
import { readAllowList } from '../../catalog/views/torrents/allow-list.ts'
import type { Db } from '../../store/sql.ts'
import type { Answer } from '../serve.ts'

/** Lists the announced infohashes, which are the allow-list of trackers. */
export function listInfoHashes(db: Db): Answer<typeof schema.main> {
  return ({ params }) => readAllowList(db, params)
}
