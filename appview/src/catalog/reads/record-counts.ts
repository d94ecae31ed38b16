import { sql } from 'drizzle-orm'
import type { Usage } from '../reads/usage-cache.ts'
import { type Db, rows } from '../sql.ts'

/** Counts the records of ours that an account (`did:…`) has, or the accounts of a PDS (`host:port`); refused ones too. */
export async function readRecordUsage(db: Db, owner: string): Promise<Usage<'records'>> {
  const [row] = await rows<Usage<'records'>>(
    db,
    owner.startsWith('did:')
      ? sql`SELECT count(*)::int AS records FROM catalog.record WHERE did = ${owner}`
      : sql`SELECT count(*)::int AS records FROM catalog.record r JOIN catalog.account a USING (did)
          WHERE a.pds_host = ${owner}`,
  )
  return row ?? { records: 0 }
}

/** Counts the refusals, for a quota of records, that are kept of the accounts of a PDS (`host:port`). */
export async function readRefusals(db: Db, host: string): Promise<Usage<'refusals'>> {
  const [row] = await rows<Usage<'refusals'>>(
    db,
    sql`SELECT count(*)::int AS refusals FROM catalog.record r JOIN catalog.account a USING (did)
        WHERE r.reason = 'quota-records' AND a.pds_host = ${host}`,
  )
  return row ?? { refusals: 0 }
}

/** What the verified metainfo of an account, or of the accounts of a PDS, takes here: files that are searched, bytes of metainfo. */
export type ContentUsage = Usage<'files' | 'bytes'>

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
