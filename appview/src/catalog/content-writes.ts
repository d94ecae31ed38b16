import { sql } from 'drizzle-orm'
import { anyIdOf, type Db, recordset, rows } from './sql.ts'

/** Deletes contents that no torrent record names any more, with their files and metainfo. */
export async function dropOrphanContents(tx: Db, contentIds: readonly number[]): Promise<void> {
  if (contentIds.length === 0) return
  const orphans = await rows<{ id: number }>(
    tx,
    sql`DELETE FROM catalog.content c WHERE c.id = ${anyIdOf(contentIds)}
        AND NOT EXISTS (SELECT FROM catalog.torrent t WHERE t.content_id = c.id) RETURNING c.id`,
  )
  const ids = anyIdOf(orphans.map((row) => row.id))
  if (orphans.length === 0) return
  await tx.execute(sql`DELETE FROM catalog.file WHERE content_id = ${ids}`)
  await tx.execute(sql`DELETE FROM catalog.metainfo WHERE content_id = ${ids}`)
}

/** A content as its verified metainfo describes it. Infohashes are lowercase hex; sizes are bytes. */
export interface ContentFacts {
  infoHashV1: string | null
  infoHashV2: string | null
  name: string
  sizeBytes: number
  pieceLengthBytes: number
  fileCount: number
  private: boolean
  /** The first files, capped by the caller. */
  files: readonly { path: string; sizeBytes: number; piecesRoot: string | null }[]
}

/**
 * Stores verified metainfo and returns its content's id. Content is its infohash: the second `.torrent` with
 * the same `info` joins the first.
 */
export async function storeContent(
  tx: Db,
  facts: ContentFacts,
  metainfo: { cid: string; bytes: Uint8Array },
): Promise<number> {
  const existing = await findContent(tx, facts)
  const contentId = existing ?? (await insertContent(tx, facts))
  await tx.execute(sql`
    INSERT INTO catalog.metainfo (cid, content_id, bytes)
    VALUES (${metainfo.cid}, ${contentId}, decode(${Buffer.from(metainfo.bytes).toString('base64')}, 'base64'))
    ON CONFLICT (cid) DO NOTHING`)
  return contentId
}

async function findContent(tx: Db, facts: ContentFacts): Promise<number | undefined> {
  const [row] = await rows<{ id: number }>(
    tx,
    sql`SELECT id FROM catalog.content
        WHERE info_hash_v1 = ${facts.infoHashV1}::text OR info_hash_v2 = ${facts.infoHashV2}::text LIMIT 1`,
  )
  return row?.id
}

async function insertContent(tx: Db, facts: ContentFacts): Promise<number> {
  const files = facts.files.map((file, position) => ({ position, ...file }))
  const [row] = await rows<{ id: number }>(
    tx,
    sql`
    INSERT INTO catalog.content
      (info_hash_v1, info_hash_v2, name, size_bytes, piece_length_bytes, file_count, files_indexed, private)
    SELECT v1, v2, name, size, piece, files, indexed, private
    FROM ${recordset(
      [
        {
          v1: facts.infoHashV1,
          v2: facts.infoHashV2,
          name: facts.name,
          size: facts.sizeBytes,
          piece: facts.pieceLengthBytes,
          files: facts.fileCount,
          indexed: files.length,
          private: facts.private,
        },
      ],
      'v1 text, v2 text, name text, size bigint, piece int, files int, indexed int, private bool',
    )} RETURNING id`,
  )
  await tx.execute(sql`
    INSERT INTO catalog.file (content_id, position, path, size_bytes, pieces_root)
    SELECT ${row!.id}, position, path, size, decode(root, 'hex')
    FROM ${recordset(
      files.map((file) => ({
        position: file.position,
        path: file.path,
        size: file.sizeBytes,
        root: file.piecesRoot,
      })),
      'position int, path text, size bigint, root text',
    )}`)
  return row!.id
}
