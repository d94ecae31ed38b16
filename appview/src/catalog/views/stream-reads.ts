/** Reads the live streams in order of `seq`, which is the order of commits. */
import { type SQL, sql } from 'drizzle-orm'
import { type Db, rows } from '../../store/sql.ts'
import { startStream } from '../derive/streams.ts'
import { shown } from '../shown.ts'
import { type AuthorRow, authorJson } from './records/author-views.ts'
import { type StandingRow, standingJson } from './records/standing.ts'
import { type SwarmRow, swarmJson } from './torrents/swarm-views.ts'

export type StreamName = 'infoHashes' | 'records'

export interface StreamHead {
  /** The last sequence number that was assigned. */
  seq: number
  epoch: string
}

/** Reads the head of a stream. An empty stream has an epoch too. */
export async function readStreamHead(db: Db, name: StreamName): Promise<StreamHead> {
  const read = () =>
    rows<{ seq: number; epoch: string }>(db, sql`SELECT seq, epoch FROM local.stream WHERE name = ${name}`)
  const [row] = await read()
  if (row) return row
  await startStream(db, name)
  return (await read())[0]!
}

/** Reads the highest sequence number that was deleted because of its age; 0 if none was. */
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

/** Reads changes of the allow-list after `seq`. */
export function readInfoHashEvents(db: Db, after: number, limit: number): Promise<InfoHashEvent[]> {
  return rows<InfoHashEvent & Record<string, unknown>>(
    db,
    sql`SELECT seq, at AS time, action, info_hash_v1 AS "infoHashV1", info_hash_v2 AS "infoHashV2"
        FROM local.info_hash_change WHERE seq > ${after} ORDER BY seq LIMIT ${limit}`,
  )
}

/** The keywords and risks that filters test: those of the dataset, or of the datasets that a torrent names. */
const described = sql`
  WITH named AS (
    SELECT nd.keywords, nd.risk FROM catalog.torrent_dataset td JOIN catalog.dataset nd ON nd.uri = td.dataset_uri
    WHERE r.kind = 'torrent' AND td.torrent_id = r.id LIMIT 100)
  SELECT to_jsonb(d.keywords) AS keywords, jsonb_build_array(d.risk) AS risks
  FROM catalog.dataset d WHERE d.id = r.id
  UNION ALL
  SELECT (SELECT coalesce(jsonb_agg(DISTINCT word), '[]') FROM named, unnest(named.keywords) AS word),
    (SELECT coalesce(jsonb_agg(DISTINCT named.risk), '[]') FROM named)
  FROM (SELECT) AS one WHERE r.kind = 'torrent'`

export interface RecordEvent extends Record<string, unknown> {
  seq: number
  time: string
  action: 'upsert' | 'delete' | 'hide' | 'unhide'
  kind: string
  uri: string
  /** The record as it is now; null when it is not visible. */
  record: {
    cid: string
    value: Record<string, unknown>
    indexedAt: string
    author: AuthorRow
    /** The keywords of the dataset, or of the datasets that the torrent names. */
    keywords: string[]
    risks: string[]
  } | null
  torrent: {
    metainfoStatus: string
    infoHashV1: string | null
    infoHashV2: string | null
    swarm: SwarmRow
  } | null
  /** Why the record is hidden; null for one that is visible or deleted. */
  standing: StandingRow | null
}

/**
 * Reads changes of datasets and torrents after `seq`, with the records as they are now. Each record is looked up by its
 * keys, whatever the planner assumes about the tables, so that the cost of an event does not grow with the index.
 */
export function readRecordEvents(db: Db, after: number, limit: number): Promise<RecordEvent[]> {
  return rows<RecordEvent>(db, recordEventsQuery(after, limit))
}

/** The statement of {@link readRecordEvents}. */
export function recordEventsQuery(after: number, limit: number): SQL {
  return sql`
    SELECT ch.seq, ch.at AS time, ch.action, ch.kind, ch.uri,
      CASE WHEN ${shown('r')} THEN jsonb_build_object('cid', r.cid, 'value', r.value, 'indexedAt', r.indexed_at,
        'author', ${authorJson(sql`r.did`)}, 'keywords', coalesce(said.keywords, '[]'),
        'risks', coalesce(said.risks, '[]')) END AS record,
      CASE WHEN ${shown('r')} AND t.id IS NOT NULL THEN jsonb_build_object('metainfoStatus', t.metainfo_status,
        'infoHashV1', t.info_hash_v1, 'infoHashV2', t.info_hash_v2,
        'swarm', ${swarmJson(sql`coalesce(t.info_hash_v2, t.info_hash_v1)`, { history: false })}) END AS torrent,
      CASE WHEN ch.action = 'hide' AND r.id IS NOT NULL THEN ${standingJson({ did: sql`r.did`, uri: sql`r.uri` })} END AS standing
    FROM (SELECT * FROM local.record_change WHERE seq > ${after} ORDER BY seq LIMIT ${limit}) AS ch
    LEFT JOIN LATERAL (SELECT * FROM catalog.record WHERE uri = ch.uri LIMIT 1) AS r ON true
    LEFT JOIN LATERAL (SELECT * FROM catalog.torrent WHERE r.kind = 'torrent' AND id = r.id LIMIT 1) AS t ON true
    LEFT JOIN LATERAL (${described}) AS said ON ${shown('r')}
    ORDER BY ch.seq`
}
