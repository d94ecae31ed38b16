import { sql } from 'drizzle-orm'
import { decodeCursor, encodeCursor } from '../../../store/page-cursor.ts'
import { type Db, rows } from '../../../store/sql.ts'
import { shownContent } from '../../shown.ts'
import type { Page } from '../records/listings.ts'
import { readStreamHead } from '../stream-reads.ts'

export interface AllowListPage {
  infoHashes: { infoHashV1?: string; infoHashV2?: string }[]
  cursor?: string
  /** The head of the stream of changes before this page was read; a reader that follows from there misses nothing. */
  seq: number
  epoch: string
}

/** Reads a page of the infohashes that trackers may serve. @throws InvalidCursorError */
export async function readAllowList(db: Db, page: Page): Promise<AllowListPage> {
  const [after = 0] = page.cursor === undefined ? [] : decodeCursor('infoHashes', page.cursor, ['number'])
  const head = await readStreamHead(db, 'infoHashes')
  const found = await rows<{ id: number; v1: string | null; v2: string | null }>(
    db,
    sql`SELECT id, info_hash_v1 AS v1, info_hash_v2 AS v2 FROM catalog.content c
        WHERE ${shownContent('c')} AND id > ${after} ORDER BY id LIMIT ${page.limit + 1}`,
  )
  const shown = found.slice(0, page.limit)
  const last = shown.at(-1)
  return {
    infoHashes: shown.map(({ v1, v2 }) => ({ ...(v1 && { infoHashV1: v1 }), ...(v2 && { infoHashV2: v2 }) })),
    ...(found.length > page.limit && last && { cursor: encodeCursor('infoHashes', [last.id]) }),
    ...head,
  }
}
