/** Announced contents as the watchers of swarms see them. */
import { sql } from 'drizzle-orm'
import { anyOf, type Db, rows } from '../sql.ts'

export interface AnnouncedContent {
  id: number
  infoHashV1: string | null
  infoHashV2: string | null
  private: boolean
}

const columns = sql`c.id, c.info_hash_v1 AS "infoHashV1", c.info_hash_v2 AS "infoHashV2", c.private`

/** Where the DHT stands among the trackers of a content: what its nodes say together (BEP 33). */
export const dhtSource = 'dht:mainline'

/** The name under which counts of a content are kept (`local.swarm.info_hash`): v2 where there is one. */
export function swarmKey(content: Pick<AnnouncedContent, 'infoHashV1' | 'infoHashV2'>): string {
  return content.infoHashV2 ?? content.infoHashV1 ?? ''
}

/** The 20-byte names, in hex, under which clients announce a content (BEP 52: v2 hashes are truncated). */
export function swarmNames(content: Pick<AnnouncedContent, 'infoHashV1' | 'infoHashV2'>): string[] {
  return [content.infoHashV1, content.infoHashV2?.slice(0, 40)].filter((name) => name != null)
}

/** A page of all announced contents, in order of id. */
export async function readAnnouncedPage(
  db: Db,
  page: { after: number; limit: number },
): Promise<AnnouncedContent[]> {
  return rows<AnnouncedContent & Record<string, unknown>>(
    db,
    sql`SELECT ${columns} FROM catalog.content c WHERE c.announced AND c.id > ${page.after}
        ORDER BY c.id LIMIT ${page.limit}`,
  )
}

/** The announced contents that these 20-byte names, in hex, stand for. */
export async function findAnnounced(db: Db, names: readonly string[]): Promise<AnnouncedContent[]> {
  if (names.length === 0) return []
  const named = anyOf(names)
  return rows<AnnouncedContent & Record<string, unknown>>(
    db,
    sql`
    SELECT ${columns} FROM catalog.content c WHERE c.announced AND c.info_hash_v1 = ${named}
    UNION
    SELECT ${columns} FROM catalog.content c WHERE c.announced AND left(c.info_hash_v2, 40) = ${named}`,
  )
}

/** Names of contents that became announced after this place in the allow-list stream, and the place reached. */
export async function readNamesSince(
  db: Db,
  seq: number,
): Promise<{ seq: number; names: readonly string[] }> {
  const found = await rows<{ seq: number; v1: string | null; v2: string | null }>(
    db,
    sql`SELECT seq, info_hash_v1 AS v1, info_hash_v2 AS v2 FROM local.info_hash_change
        WHERE seq > ${seq} AND action = 'add' ORDER BY seq`,
  )
  const names = found.flatMap((row) => swarmNames({ infoHashV1: row.v1, infoHashV2: row.v2 }))
  return { seq: found.at(-1)?.seq ?? seq, names }
}

/** Where the allow-list stream stands. */
export async function readInfoHashSeq(db: Db): Promise<number> {
  const [row] = await rows<{ seq: number }>(
    db,
    sql`SELECT coalesce((SELECT seq FROM local.stream WHERE name = 'infoHashes'), 0)::bigint AS seq`,
  )
  return row!.seq
}
