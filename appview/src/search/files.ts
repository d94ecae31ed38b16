import { type SQL, sql } from 'drizzle-orm'
import { shown } from '../catalog/shown.ts'
import { decodeCursor, encodeCursor, InvalidCursorError } from '../store/page-cursor.ts'
import { type Db, rows, storable } from '../store/sql.ts'
import { identityOf } from './parameters.ts'
import { lookUpInTurn } from './postgres/search-in-turn.ts'
import { SearchError } from './query/search-error.ts'

/** The parameters of `findFiles`: `piecesRoot` (64 hex digits), or `path` and `sizeBytes`. */
export interface FileSearch {
  piecesRoot?: string | undefined
  /** The whole path, or only the name of the file. */
  path?: string | undefined
  sizeBytes?: number | undefined
  limit?: number | undefined
  cursor?: string | undefined
}

/** A `defs#fileHit` without its swarm. */
export interface FileHit {
  contentId: number
  path: string
  sizeBytes: number
  piecesRoot?: string
  infoHashV1?: string
  infoHashV2?: string
  /** Visible records that name the content. */
  torrents: { uri: string; cid: string }[]
}

/**
 * Finds the contents that contain a file, among those that visible records name.
 *
 * @throws SearchError InvalidQuery when neither a root nor a path with a size is given, or when the search takes too
 * long; InvalidCursor.
 */
export async function findFiles(db: Db, search: FileSearch): Promise<{ files: FileHit[]; cursor?: string }> {
  const limit = Math.min(Math.max(search.limit ?? 25, 1), 100)
  const { cursor, limit: _, ...identifying } = search
  const identity = identityOf('files', identifying)
  const [contentId, position] = cursor === undefined ? ([-1, -1] as const) : readCursor(identity, cursor)
  const query = sql`
    SELECT f.content_id AS "contentId", f.position, f.path, f.size_bytes AS "sizeBytes",
      encode(f.pieces_root, 'hex') AS "piecesRoot", c.info_hash_v1 AS "infoHashV1", c.info_hash_v2 AS "infoHashV2",
      (SELECT jsonb_agg(jsonb_build_object('uri', named.uri, 'cid', named.cid)) FROM (
        SELECT r.uri, r.cid FROM catalog.torrent t JOIN catalog.record r USING (id)
        WHERE t.content_id = c.id AND ${shown('t')} AND t.metainfo_status = 'verified' ORDER BY t.id LIMIT 100) AS named) AS torrents
    FROM catalog.file f JOIN catalog.content c ON c.id = f.content_id
    WHERE ${condition(search)} AND (f.content_id, f.position) > (${contentId}::bigint, ${position}::bigint)
      AND EXISTS (SELECT FROM catalog.torrent t
        WHERE t.content_id = c.id AND ${shown('t')} AND t.metainfo_status = 'verified')
    ORDER BY f.content_id, f.position LIMIT ${limit + 1}`
  const found = await lookUpInTurn(db, (tx) => rows<Row>(tx, query), { advice: adviceFor(search) })
  const page = found.slice(0, limit)
  const last = page.at(-1)
  return {
    files: page.map(toHit),
    ...(found.length > limit && last && { cursor: encodeCursor(identity, [last.contentId, last.position]) }),
  }
}

function adviceFor({ piecesRoot, path }: FileSearch): string {
  if (piecesRoot !== undefined) return 'Ask for fewer at a time, with limit.'
  return path?.includes('/')
    ? 'Give the root of the file, piecesRoot.'
    : 'Give the whole path of the file, or its root, piecesRoot.'
}

interface Row extends Record<string, unknown> {
  contentId: number
  position: number
  path: string
  sizeBytes: number
  piecesRoot: string | null
  infoHashV1: string | null
  infoHashV2: string | null
  torrents: { uri: string; cid: string }[] | null
}

function condition({ piecesRoot, path, sizeBytes }: FileSearch): SQL {
  if (piecesRoot !== undefined) {
    if (!/^[0-9a-f]{64}$/i.test(piecesRoot))
      throw new SearchError('InvalidQuery', 'piecesRoot is 64 hexadecimal digits.')
    return sql`f.pieces_root = decode(${piecesRoot.toLowerCase()}, 'hex')`
  }
  if (path === undefined || sizeBytes === undefined)
    throw new SearchError('InvalidQuery', 'Give piecesRoot, or path and sizeBytes.')
  if (!Number.isSafeInteger(sizeBytes))
    throw new SearchError('InvalidQuery', `sizeBytes is a whole number, not ${sizeBytes}.`)
  const wanted = storable(path.replace(/^\/+/, ''))
  // The indexes contain hashes of the path and of the name, because a path may be longer than an index entry can be.
  return wanted.includes('/')
    ? sql`md5(f.path) = md5(${wanted}) AND f.path = ${wanted} AND f.size_bytes = ${sizeBytes}::bigint`
    : sql`md5(regexp_replace(f.path, '^.*/', '')) = md5(${wanted}) AND f.size_bytes = ${sizeBytes}::bigint`
}

function readCursor(identity: string, cursor: string): readonly [number, number] {
  try {
    return decodeCursor(identity, cursor, ['number', 'number'])
  } catch (error) {
    if (!(error instanceof InvalidCursorError)) throw error
    throw new SearchError('InvalidCursor', error.message)
  }
}

function toHit(row: Row): FileHit {
  const { contentId, path, sizeBytes, piecesRoot, infoHashV1, infoHashV2, torrents } = row
  return {
    contentId,
    path,
    sizeBytes,
    ...(piecesRoot && { piecesRoot }),
    ...(infoHashV1 && { infoHashV1 }),
    ...(infoHashV2 && { infoHashV2 }),
    torrents: torrents ?? [],
  }
}
