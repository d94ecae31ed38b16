/** Content found by any form of its infohash, with the visible records that name it. */
import { type SQL, sql } from 'drizzle-orm'
import { type Db, rows } from '../../../store/sql.ts'
import { byStanding } from '../../named-addresses.ts'
import { shown } from '../../shown.ts'

/** Lowercase hex: v1 (40), v2 (64), or truncated v2 (40). */
export type InfoHash = string

/** Reads the URIs of the visible torrent records that name this content: first those of accounts that were let in by name, then the first seen. */
export async function readTorrentUrisByInfoHash(
  db: Db,
  infoHash: InfoHash,
  limit: number,
): Promise<string[]> {
  const found = await rows<{ uri: string }>(
    db,
    sql`SELECT t.uri FROM catalog.torrent t WHERE ${shown('t')} AND ${namedBy(infoHash)} ORDER BY ${standing} LIMIT ${limit}`,
  )
  return found.map((row) => row.uri)
}

/** Verified content that a visible record names. */
export interface ContentHandle {
  contentId: number
  /** The record through which it was found, or the first that names it (see `byStanding`). */
  uri: string
  fileCount: number
  filesIndexed: number
}

export type ContentLookup = { found: ContentHandle } | { missing: 'record' | 'metainfo' }

/** Finds the verified content of a torrent record or of an infohash. */
export async function findContent(
  db: Db,
  by: { uri: string } | { infoHash: InfoHash },
): Promise<ContentLookup> {
  const condition = 'uri' in by ? sql`r.uri = ${by.uri}` : namedBy(by.infoHash)
  const [row] = await rows<{
    uri: string
    contentId: number | null
    fileCount: number
    filesIndexed: number
  }>(
    db,
    sql`SELECT t.uri, c.id AS "contentId", c.file_count AS "fileCount", c.files_indexed AS "filesIndexed"
        FROM catalog.record r JOIN catalog.torrent t USING (id) LEFT JOIN catalog.content c ON c.id = t.content_id AND t.metainfo_status = 'verified'
        WHERE ${shown('t')} AND ${condition} ORDER BY c.id IS NULL, ${standing} LIMIT 1`,
  )
  if (!row) return { missing: 'record' }
  const { contentId } = row
  return contentId === null ? { missing: 'metainfo' } : { found: { ...row, contentId } }
}

/** The order of records. Their `createdAt` plays no part, since an author can claim any date. */
const standing = byStanding({ did: sql`t.did`, uri: sql`t.uri`, id: sql`t.id` })

/** How many records that name a content are looked at: of those that are verified, and of all. */
const [mostVerified, mostNaming] = [2_000, 500]

/**
 * Whether the torrent `t` is one of the first that name an infohash: anybody may write any number of others. Those that are
 * verified are found by their content, so that records that only claim an infohash do not push them out.
 */
function namedBy(infoHash: InfoHash): SQL {
  const columns = infoHash.length === 64 ? ['info_hash_v2'] : ['info_hash_v1', 'left(info_hash_v2, 40)']
  const found = columns.flatMap((column) => {
    const named = sql`${sql.raw(column)} = ${infoHash}`
    return [
      sql`(SELECT verified.id FROM (SELECT id FROM catalog.content WHERE ${named}) AS content CROSS JOIN LATERAL (
        SELECT id FROM catalog.torrent WHERE content_id = content.id AND visible AND metainfo_status = 'verified'
        ORDER BY id LIMIT ${mostVerified}::int) AS verified)`,
      sql`(SELECT id FROM catalog.torrent WHERE ${named} AND visible ORDER BY id LIMIT ${mostNaming}::int)`,
    ]
  })
  return sql`t.id IN (${sql.join(found, sql` UNION ALL `)})`
}
