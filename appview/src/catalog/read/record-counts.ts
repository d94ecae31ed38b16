import { sql } from 'drizzle-orm'
import { type Db, rows } from '../../store/sql.ts'
import type { Usage } from './usage-cache.ts'

/** How many records of our collections an account, or a PDS, has, and how many bytes. */
export type RecordUsage = Usage<'records' | 'bytes'>

/** Counts the records of our collections of an account (`did:…`) or of a PDS (`host:port`), including refused ones. */
export async function readRecordUsage(db: Db, owner: string): Promise<RecordUsage> {
  const usage = sql`count(*)::int AS records, coalesce(sum(size_bytes), 0)::bigint AS bytes`
  const [row] = await rows<{ records: number; bytes: number | string }>(
    db,
    owner.startsWith('did:')
      ? sql`SELECT ${usage} FROM catalog.record WHERE did = ${owner}`
      : sql`SELECT ${usage} FROM catalog.record r JOIN catalog.account a USING (did) WHERE a.pds_host = ${owner}`,
  )
  return { records: row?.records ?? 0, bytes: Number(row?.bytes ?? 0) }
}

/** Counts the stored refusals by a quota of records, for the accounts of a PDS (`host:port`). */
export async function readRefusals(db: Db, host: string): Promise<Usage<'refusals'>> {
  const [row] = await rows<Usage<'refusals'>>(
    db,
    sql`SELECT count(*)::int AS refusals FROM catalog.record r JOIN catalog.account a USING (did)
        WHERE r.reason IN ('quota-records', 'quota-bytes') AND a.pds_host = ${host}`,
  )
  return row ?? { refusals: 0 }
}

/** How many searchable files, and how many bytes of metainfo, the torrents of an account or a PDS have here. */
export type ContentUsage = Usage<'files' | 'bytes'>

/** Counts the content of the torrents of an account (`did:…`) or of a PDS (`host:port`). */
export async function readContentUsage(db: Db, owner: string): Promise<ContentUsage> {
  const authors = owner.startsWith('did:')
    ? sql`t.did = ${owner}`
    : sql`t.did IN (SELECT did FROM catalog.account WHERE pds_host = ${owner})`
  const [row] = await rows<ContentUsage & Record<string, unknown>>(
    db,
    sql`
    WITH named AS (SELECT DISTINCT content_id AS id FROM catalog.torrent t WHERE ${authors} AND content_id IS NOT NULL)
    SELECT (SELECT coalesce(sum(files_indexed), 0)::bigint FROM catalog.content JOIN named USING (id)) AS files,
      (SELECT coalesce(sum(size_bytes), 0)::bigint FROM catalog.metainfo m JOIN named ON named.id = m.content_id)
        AS bytes`,
  )
  return row ?? { files: 0, bytes: 0 }
}
