/** The live streams as their readers need them: in order of `seq`, which is the order of commits. */
import { sql } from 'drizzle-orm'
import { type Db, rows } from '../sql.ts'
import { type AuthorRow, authorJson } from './records/author-views.ts'
import { type StandingRow, standingJson } from './records/standing.ts'
import { type SwarmRow, swarmJson } from './torrents/swarm-views.ts'

export type StreamName = 'infoHashes' | 'records'

export interface StreamHead {
  /** The last sequence number given out. */
  seq: number
  epoch: string
}

/** Where a stream stands. A stream that nothing was ever written to has an epoch all the same. */
export async function readStreamHead(db: Db, name: StreamName): Promise<StreamHead> {
  const read = () =>
    rows<{ seq: number; epoch: string }>(db, sql`SELECT seq, epoch FROM local.stream WHERE name = ${name}`)
  const [row] = await read()
  if (row) return row
  await db.execute(sql`
    INSERT INTO local.stream (name, epoch, seq) VALUES (${name}, gen_random_uuid()::text, 0) ON CONFLICT DO NOTHING`)
  return (await read())[0]!
}

/** The highest sequence number that is no longer kept because of its age; 0 where none was forgotten. */
export async function readPrunedTo(db: Db, name: StreamName): Promise<number> {
  const [row] = await rows<{ seq: number }>(
    db,
    sql`SELECT (value ->> ${name}::text)::bigint AS seq FROM local.setting WHERE name = 'streamPrunedTo'`,
  )
  return row?.seq ?? 0
}

export interface InfoHashEvent {
  seq: number
  time: string
  action: 'add' | 'remove'
  infoHashV1: string | null
  infoHashV2: string | null
}

/** Changes of the allow-list after `seq`. */
export function readInfoHashEvents(db: Db, after: number, limit: number): Promise<InfoHashEvent[]> {
  return rows<InfoHashEvent & Record<string, unknown>>(
    db,
    sql`SELECT seq, at AS time, action, info_hash_v1 AS "infoHashV1", info_hash_v2 AS "infoHashV2"
        FROM local.info_hash_change WHERE seq > ${after} ORDER BY seq LIMIT ${limit}`,
  )
}

const itsDatasets = sql`
  catalog.dataset nd WHERE nd.id = d.id OR nd.id IN (
    SELECT dr.id FROM catalog.torrent_dataset td JOIN catalog.record dr ON dr.uri = td.dataset_uri WHERE td.torrent_id = t.id)`
const itsKeywords = sql`(
  SELECT coalesce(jsonb_agg(DISTINCT word), '[]') FROM (SELECT unnest(nd.keywords) AS word FROM ${itsDatasets}) AS words)`
const itsRisks = sql`(SELECT coalesce(jsonb_agg(DISTINCT nd.risk), '[]') FROM ${itsDatasets})`

export interface RecordEvent extends Record<string, unknown> {
  seq: number
  time: string
  action: 'upsert' | 'delete' | 'hide' | 'unhide'
  kind: string
  uri: string
  /** The record as it is now; null where it is not to be seen. */
  record: {
    cid: string
    value: Record<string, unknown>
    indexedAt: string
    author: AuthorRow
    /** Of the dataset, or of the datasets that the torrent names. */
    keywords: string[]
    risks: string[]
  } | null
  torrent: {
    metainfoStatus: string
    infoHashV1: string | null
    infoHashV2: string | null
    swarm: SwarmRow
  } | null
  /** For a hidden record that is still held. */
  standing: StandingRow | null
}

/** Changes of datasets and torrents after `seq`, with the records as they are now. */
export function readRecordEvents(db: Db, after: number, limit: number): Promise<RecordEvent[]> {
  return rows<RecordEvent>(
    db,
    sql`
    SELECT ch.seq, ch.at AS time, ch.action, ch.kind, ch.uri,
      CASE WHEN r.visible THEN jsonb_build_object('cid', r.cid, 'value', r.value, 'indexedAt', r.indexed_at,
        'author', ${authorJson(sql`r.did`)}, 'keywords', ${itsKeywords},
        'risks', ${itsRisks}) END AS record,
      CASE WHEN r.visible AND t.id IS NOT NULL THEN jsonb_build_object('metainfoStatus', t.metainfo_status,
        'infoHashV1', t.info_hash_v1, 'infoHashV2', t.info_hash_v2,
        'swarm', ${swarmJson(sql`coalesce(t.info_hash_v2, t.info_hash_v1)`, { history: false })}) END AS torrent,
      CASE WHEN ch.action = 'hide' AND r.id IS NOT NULL THEN ${standingJson({ did: sql`r.did`, uri: sql`r.uri` })} END AS standing
    FROM (SELECT * FROM local.record_change WHERE seq > ${after} ORDER BY seq LIMIT ${limit}) AS ch
    LEFT JOIN catalog.record r ON r.uri = ch.uri
    LEFT JOIN catalog.dataset d ON d.id = r.id
    LEFT JOIN catalog.torrent t ON t.id = r.id
    ORDER BY ch.seq`,
  )
}
