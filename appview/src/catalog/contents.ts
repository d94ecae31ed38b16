import { sql } from 'drizzle-orm'
import { anyOf, type Db, recordset, rows } from '../store/sql.ts'
import { slicesOf } from './metainfo-slices.ts'

/** What verified metainfo says about a content. Infohashes are lowercase hex; sizes are bytes. */
export interface ContentFacts {
  infoHashV1: string | null
  infoHashV2: string | null
  name: string
  sizeBytes: number
  pieceLengthBytes: number
  fileCount: number
  private: boolean
  /** The first files; the caller limits their number. */
  files: readonly { path: string; sizeBytes: number; piecesRoot: string | null }[]
}

/** Verified metainfo: the content that it describes, and its bytes with their CID. */
export interface VerifiedMetainfo {
  facts: ContentFacts
  metainfo: { cid: string; bytes: Uint8Array }
}

/**
 * Stores verified metainfo and returns the ids of their contents, in the same order. A content is identified by its
 * infohash, so two `.torrent` files with the same `info` have the same content.
 */
export async function storeContents(tx: Db, verified: readonly VerifiedMetainfo[]): Promise<number[]> {
  const known = new Map<string, number>()
  const idOf = ({ infoHashV1, infoHashV2 }: ContentFacts) =>
    known.get(infoHashV2 ?? '') ?? known.get(infoHashV1 ?? '')
  const remember = (contents: readonly StoredContent[]) => {
    for (const { id, v1, v2 } of contents) for (const hash of [v1, v2]) if (hash !== null) known.set(hash, id)
  }
  const all = verified.map(({ facts }) => facts)
  remember(await findContents(tx, all))
  const fresh = distinct(all.filter((facts) => idOf(facts) === undefined))
  remember(await insertContents(tx, fresh))
  await insertFiles(
    tx,
    fresh.map((facts) => ({ contentId: idOf(facts)!, files: facts.files })),
  )
  await insertMetainfo(
    tx,
    verified.map(({ facts, metainfo }) => ({ ...metainfo, contentId: idOf(facts)! })),
  )
  return all.map((facts) => idOf(facts)!)
}

interface StoredContent extends Record<string, unknown> {
  id: number
  v1: string | null
  v2: string | null
}

function findContents(tx: Db, contents: readonly ContentFacts[]): Promise<StoredContent[]> {
  const v1 = anyOf(contents.flatMap(({ infoHashV1 }) => infoHashV1 ?? []))
  const v2 = anyOf(contents.flatMap(({ infoHashV2 }) => infoHashV2 ?? []))
  return rows<StoredContent>(
    tx,
    sql`
    SELECT id, info_hash_v1 AS v1, info_hash_v2 AS v2 FROM catalog.content WHERE id IN (
      SELECT id FROM catalog.content WHERE info_hash_v1 = ${v1}
      UNION
      SELECT id FROM catalog.content WHERE info_hash_v2 = ${v2})
    ORDER BY id FOR NO KEY UPDATE`,
  )
}

/** Removes duplicates: two contents that share an infohash are the same. */
function distinct(contents: readonly ContentFacts[]): ContentFacts[] {
  const seen = new Set<string>()
  return contents.filter(({ infoHashV1, infoHashV2 }) => {
    const hashes = [infoHashV1, infoHashV2].filter((hash) => hash !== null)
    const isNew = !hashes.some((hash) => seen.has(hash))
    for (const hash of hashes) seen.add(hash)
    return isNew
  })
}

async function insertContents(tx: Db, contents: readonly ContentFacts[]): Promise<StoredContent[]> {
  if (contents.length === 0) return []
  return rows<StoredContent>(
    tx,
    sql`
    INSERT INTO catalog.content
      (info_hash_v1, info_hash_v2, name, size_bytes, piece_length_bytes, file_count, files_indexed, private)
    SELECT v1, v2, name, size, piece, files, indexed, private
    FROM ${recordset(
      contents.map((facts) => ({
        v1: facts.infoHashV1,
        v2: facts.infoHashV2,
        name: facts.name,
        size: facts.sizeBytes,
        piece: facts.pieceLengthBytes,
        files: facts.fileCount,
        indexed: facts.files.length,
        private: facts.private,
      })),
      'v1 text, v2 text, name text, size bigint, piece int, files int, indexed int, private bool',
    )} RETURNING id, info_hash_v1 AS v1, info_hash_v2 AS v2`,
  )
}

/**
 * About how many bytes one statement writes. PostgreSQL needs several times as much memory, which the embedded store never
 * gives back.
 */
const bytesAtOnce = 1_000_000

async function insertFiles(
  tx: Db,
  contents: readonly { contentId: number; files: ContentFacts['files'] }[],
): Promise<void> {
  const files = contents.flatMap(({ contentId, files }) =>
    files.map(({ path, sizeBytes, piecesRoot }, position) => ({
      content: contentId,
      position,
      path,
      size: sizeBytes,
      root: piecesRoot,
    })),
  )
  for (const batch of inBatches(files, ({ path }) => path.length + 100))
    await tx.execute(sql`
      INSERT INTO catalog.file (content_id, position, path, size_bytes, pieces_root)
      SELECT content, position, path, size, decode(root, 'hex')
      FROM ${recordset(batch, 'content bigint, position int, path text, size bigint, root text')}`)
}

async function insertMetainfo(
  tx: Db,
  metainfo: readonly { cid: string; contentId: number; bytes: Uint8Array }[],
): Promise<void> {
  const input = metainfo.map(({ cid, contentId, bytes }) => ({ cid, content: contentId, size: bytes.length }))
  const added = await rows<{ cid: string }>(
    tx,
    sql`
    INSERT INTO catalog.metainfo (cid, content_id, size_bytes)
    SELECT cid, content, size FROM ${recordset(input, 'cid text, content bigint, size bigint')}
    ON CONFLICT (cid) DO NOTHING RETURNING cid`,
  )
  const bytesOf = new Map(metainfo.map(({ cid, bytes }) => [cid, bytes]))
  const slices = added.flatMap(({ cid }) =>
    slicesOf(bytesOf.get(cid)!).map((bytes, position) => ({ cid, position, bytes })),
  )
  for (const batch of inBatches(slices, ({ bytes }) => bytes.length)) {
    const values = batch.map(({ cid, position, bytes }) => sql`(${cid}, ${position}::int, ${bytes}::bytea)`)
    await tx.execute(sql`
      INSERT INTO catalog.metainfo_slice (cid, position, bytes) VALUES ${sql.join(values, sql`, `)}`)
  }
}

/** Cuts a list where the sizes of its items would add up to more than `bytesAtOnce`. */
function* inBatches<Item>(items: readonly Item[], sizeOf: (item: Item) => number): Generator<Item[]> {
  let batch: Item[] = []
  let size = 0
  for (const item of items) {
    if (batch.length > 0 && size + sizeOf(item) > bytesAtOnce) {
      yield batch
      batch = []
      size = 0
    }
    batch.push(item)
    size += sizeOf(item)
  }
  if (batch.length > 0) yield batch
}
