import { sql } from 'drizzle-orm'
import { decodeCursor, encodeCursor } from '../../cursor.ts'
import { type Db, rows } from '../../sql.ts'
import type { Page } from '../records/listings.ts'
import { readStreamHead } from '../stream-reads.ts'

export interface AllowListPage {
  infoHashes: { infoHashV1?: string; infoHashV2?: string }[]
  cursor?: string
  /** Where the stream of changes stood before this page was read: whoever follows on from it misses nothing. */
  seq: number
  epoch: string
}

/** A page of what trackers are to serve. @throws InvalidCursorError */
export async function readAllowList(db: Db, page: Page): Promise<AllowListPage> {
  const [after = 0] = page.cursor === undefined ? [] : decodeCursor('infoHashes', page.cursor, ['number'])
  const head = await readStreamHead(db, 'infoHashes')
  const found = await rows<{ id: number; v1: string | null; v2: string | null }>(
    db,
    sql`SELECT id, info_hash_v1 AS v1, info_hash_v2 AS v2 FROM catalog.content
        WHERE announced AND id > ${after} ORDER BY id LIMIT ${page.limit + 1}`,
  )
  const shown = found.slice(0, page.limit)
  const last = shown.at(-1)
  return {
    infoHashes: shown.map(({ v1, v2 }) => ({ ...(v1 && { infoHashV1: v1 }), ...(v2 && { infoHashV2: v2 }) })),
    ...(found.length > page.limit && last && { cursor: encodeCursor('infoHashes', [last.id]) }),
    ...head,
  }
}
