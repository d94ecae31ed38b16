import { sql } from 'drizzle-orm'
import { type Db, rows } from './sql.ts'

/** How many records of ours an account has, refused ones too. */
export async function countRecords(db: Db, did: string): Promise<number> {
  const [row] = await rows<{ n: number }>(
    db,
    sql`SELECT count(*)::int AS n FROM catalog.record WHERE did = ${did}`,
  )
  return row?.n ?? 0
}

/** How many records of ours the accounts of a PDS (`host:port`) have together, refused ones too. */
export async function countHostRecords(db: Db, host: string): Promise<number> {
  const [row] = await rows<{ n: number }>(
    db,
    sql`SELECT count(*)::int AS n FROM catalog.record r JOIN catalog.account a USING (did) WHERE a.pds_host = ${host}`,
  )
  return row?.n ?? 0
}

/** What the verified metainfo of an account, or of the accounts of a PDS, takes here. */
export interface ContentUsage {
  /** Files that are searched. */
  files: number
  /** Bytes of metainfo. */
  bytes: number
}

/** Counts the content that torrents of an account (`did:…`) or of a PDS (`host:port`) name. */
export async function readContentUsage(db: Db, owner: string): Promise<ContentUsage> {
  const authors = owner.startsWith('did:')
    ? sql`t.did = ${owner}`
    : sql`t.did IN (SELECT did FROM catalog.account WHERE pds_host = ${owner})`
  const [row] = await rows<ContentUsage & Record<string, unknown>>(
    db,
    sql`
    WITH named AS (SELECT DISTINCT content_id AS id FROM catalog.torrent t WHERE ${authors} AND content_id IS NOT NULL)
    SELECT (SELECT coalesce(sum(files_indexed), 0)::bigint FROM catalog.content JOIN named USING (id)) AS files,
      (SELECT coalesce(sum(octet_length(bytes)), 0)::bigint FROM catalog.metainfo m JOIN named ON named.id = m.content_id)
        AS bytes`,
  )
  return row ?? { files: 0, bytes: 0 }
}
