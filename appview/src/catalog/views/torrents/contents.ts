/** Content found by any form of its infohash, with the visible records that name it. */
import { type SQL, sql } from 'drizzle-orm'
import { type Db, rows } from '../../sql.ts'

/** Lowercase hex: v1 (40), v2 (64), or truncated v2 (40). */
export type InfoHash = string

/** The URIs of all visible torrent records that name this content, oldest first. */
export async function readTorrentUrisByInfoHash(
  db: Db,
  infoHash: InfoHash,
  limit: number,
): Promise<string[]> {
  const found = await rows<{ uri: string }>(
    db,
    sql`SELECT t.uri FROM catalog.torrent t WHERE t.visible AND ${namedBy('t', infoHash)} ORDER BY t.created_at, t.id LIMIT ${limit}`,
  )
  return found.map((row) => row.uri)
}

/** Verified content, as a visible record names it. */
export interface ContentHandle {
  contentId: number
  /** The record through which it was found, or the oldest that names it. */
  uri: string
  fileCount: number
  filesIndexed: number
}

export type ContentLookup = { found: ContentHandle } | { missing: 'record' | 'metainfo' }

/** The verified content of a torrent record, or of an infohash. */
export async function findContent(
  db: Db,
  by: { uri: string } | { infoHash: InfoHash },
): Promise<ContentLookup> {
  const condition = 'uri' in by ? sql`r.uri = ${by.uri}` : namedBy('t', by.infoHash)
  const [row] = await rows<{
    uri: string
    contentId: number | null
    fileCount: number
    filesIndexed: number
  }>(
    db,
    sql`SELECT t.uri, c.id AS "contentId", c.file_count AS "fileCount", c.files_indexed AS "filesIndexed"
        FROM catalog.record r JOIN catalog.torrent t USING (id) LEFT JOIN catalog.content c ON c.id = t.content_id AND t.metainfo_status = 'verified'
        WHERE t.visible AND ${condition} ORDER BY c.id IS NULL, t.created_at, t.id LIMIT 1`,
  )
  if (!row) return { missing: 'record' }
  const { contentId } = row
  return contentId === null ? { missing: 'metainfo' } : { found: { ...row, contentId } }
}

function namedBy(alias: string, infoHash: InfoHash): SQL {
  const t = sql.raw(alias)
  if (infoHash.length === 64) return sql`${t}.info_hash_v2 = ${infoHash}`
  return sql`(${t}.info_hash_v1 = ${infoHash} OR left(${t}.info_hash_v2, 40) = ${infoHash})`
}
