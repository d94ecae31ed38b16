import type { defs } from '@holdfast/lexicons'
import { sql } from 'drizzle-orm'
import { decodeCursor, encodeCursor } from '../../../store/page-cursor.ts'
import { type Db, rows, storable } from '../../../store/sql.ts'
import type { Page } from '../records/listings.ts'

export interface FilePage {
  files: defs.File[]
  cursor?: string
}

/** Reads the indexed files of a content in the order of its metainfo. @throws InvalidCursorError */
export async function readFiles(
  db: Db,
  contentId: number,
  page: Page & { pathPrefix?: string | undefined },
): Promise<FilePage> {
  const [after = -1] = page.cursor === undefined ? [] : decodeCursor('files', page.cursor, ['number'])
  const prefix = page.pathPrefix ? sql`AND starts_with(path, ${storable(page.pathPrefix)})` : sql``
  const found = await rows<{ path: string; sizeBytes: number; piecesRoot: string | null; position: number }>(
    db,
    sql`SELECT path, size_bytes AS "sizeBytes", encode(pieces_root, 'hex') AS "piecesRoot", position
        FROM catalog.file WHERE content_id = ${contentId} AND position::bigint > ${after} ${prefix}
        ORDER BY position LIMIT ${page.limit + 1}`,
  )
  const shown = found.slice(0, page.limit)
  const last = shown.at(-1)
  return {
    files: shown.map(({ path, sizeBytes, piecesRoot, position }) => ({
      path,
      sizeBytes,
      ...(piecesRoot && { piecesRoot }),
      index: position,
    })),
    ...(found.length > page.limit && last && { cursor: encodeCursor('files', [last.position]) }),
  }
}
