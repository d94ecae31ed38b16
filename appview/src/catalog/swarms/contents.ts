/** Announced contents, for the code that scrapes trackers and probes webseeds. */
import { sql } from 'drizzle-orm'
import { anyOf, type Db, rows } from '../../store/sql.ts'

export interface AnnouncedContent {
  id: number
  infoHashV1: string | null
  infoHashV2: string | null
  private: boolean
}

const columns = sql`c.id, c.info_hash_v1 AS "infoHashV1", c.info_hash_v2 AS "infoHashV2", c.private`

/** The name under which the DHT's counts (BEP 33) are stored, as if it were a tracker. */
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

/** The announced contents with these 20-byte names, in hex. */
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

/** The 20-byte names of contents that became announced after `seq` in the allow-list stream, and the `seq` that was reached. */
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

/** The last sequence number of the allow-list stream. */
export async function readInfoHashSeq(db: Db): Promise<number> {
  const [row] = await rows<{ seq: number }>(
    db,
    sql`SELECT coalesce((SELECT seq FROM local.stream WHERE name = 'infoHashes'), 0)::bigint AS seq`,
  )
  return row!.seq
}
