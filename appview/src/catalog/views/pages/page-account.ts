import type { defs } from '@holdfast/lexicons'
import { sql } from 'drizzle-orm'
import { type Db, rows, toInstant } from '../../../store/sql.ts'
import { shown, shownContent } from '../../shown.ts'
import { type AuthorRow, authorJson, toAuthorView } from '../records/author-views.ts'

/** What an account's page shows. */
export interface AccountPage {
  author: defs.AuthorView
  /** Its visible profile record, verbatim. */
  profile?: Record<string, unknown>
  counts: { datasets: number; torrents: number; webseeds: number; assessments: number }
  /** When this index first saw a record of it. */
  since: string
}

/** Reads an account with visible records; undefined for one without, or one that is not active. */
export async function readAccountPage(db: Db, did: string): Promise<AccountPage | undefined> {
  const [row] = await rows<{
    author: AuthorRow
    profile: Record<string, unknown> | null
    counts: Record<string, number> | null
    since: string | null
  }>(
    db,
    sql`SELECT ${authorJson(sql`asked.did`)} AS author, records.counts, records.since,
          (SELECT r.value FROM catalog.profile p JOIN catalog.record r USING (id) WHERE p.did = asked.did AND ${shown('p')}) AS profile
        FROM (SELECT ${did}::text AS did) AS asked
        CROSS JOIN LATERAL (
          SELECT jsonb_object_agg(kind, n) AS counts, min(first) AS since FROM (
            SELECT kind, count(*)::int AS n, min(indexed_at) AS first FROM catalog.record
            WHERE did = asked.did AND ${shown()} GROUP BY kind) AS kinds) AS records`,
  )
  if (!row?.counts || !row.since) return undefined
  const { dataset = 0, torrent = 0, webseed = 0, assessment = 0 } = row.counts
  return {
    author: toAuthorView(row.author),
    ...(row.profile && { profile: row.profile }),
    counts: { datasets: dataset, torrents: torrent, webseeds: webseed, assessments: assessment },
    since: toInstant(row.since),
  }
}

/** A contribution of an account to anybody's data: a webseed or an assessment. */
export interface Contribution {
  kind: 'webseed' | 'assessment'
  uri: string
  at: string
  record: Record<string, unknown>
  /** What it is about: the content's name and infohash, or the dataset's title and URI. */
  subject: { name?: string; uri?: string; infoHash?: string }
}

/** Reads the newest visible webseeds and assessments by an account. */
export async function readContributions(db: Db, did: string, limit: number): Promise<Contribution[]> {
  const found = await rows<{
    kind: Contribution['kind']
    uri: string
    at: string
    record: Record<string, unknown>
    name: string | null
    subjectUri: string | null
    infoHash: string | null
  }>(
    db,
    sql`SELECT r.kind, r.uri, r.created_at AS at, r.value AS record,
          coalesce(c.name, d.title) AS name, d.uri AS "subjectUri", coalesce(c.info_hash_v2, c.info_hash_v1) AS "infoHash"
        FROM (SELECT * FROM catalog.record WHERE did = ${did} AND kind IN ('webseed', 'assessment') AND ${shown()}
          ORDER BY created_at DESC, id DESC LIMIT ${limit}) AS r
        LEFT JOIN LATERAL (
          SELECT c.name, c.info_hash_v1, c.info_hash_v2 FROM catalog.webseed w JOIN catalog.content c
            ON ${shownContent('c')} AND (c.info_hash_v1 = w.info_hash_v1 OR c.info_hash_v2 = w.info_hash_v2)
          WHERE r.kind = 'webseed' AND w.id = r.id LIMIT 1) AS c ON true
        LEFT JOIN LATERAL (
          SELECT d.title, d.uri FROM catalog.assessment s JOIN catalog.record o ON o.uri = s.subject_uri
            JOIN catalog.dataset d ON d.id = o.id AND ${shown('d')}
          WHERE r.kind = 'assessment' AND s.id = r.id LIMIT 1) AS d ON true
        ORDER BY r.created_at DESC, r.id DESC`,
  )
  return found.map(({ kind, uri, at, record, name, subjectUri, infoHash }) => ({
    kind,
    uri,
    at: toInstant(at),
    record,
    subject: { ...(name && { name }), ...(subjectUri && { uri: subjectUri }), ...(infoHash && { infoHash }) },
  }))
}
