/**
 * What there is to watch: the trackers of each content (`local.swarm`), its webseeds and the origins of each dataset
 * (`local.probe`), gathered from the records that name them and from the metainfo.
 */
import { mappedRecord } from '@holdfast/lexicons/foreign'
import { type SQL, sql } from 'drizzle-orm'
import { anyIdOf, anyOf, type Db, recordset, rows } from '../sql.ts'

/** A record that names addresses, with the values as its author wrote them, or as a foreign record is mapped. */
export interface NamingRecord {
  id: number
  uri: string
  kind: 'torrent' | 'webseed' | 'dataset'
  /** The content a torrent or webseed is about, as `swarmKey` names it; null while no metainfo of it is verified. */
  infoHash: string | null
  private: boolean
  value: {
    trackers?: { url: string }[]
    webSeeds?: { url: string; kind?: string }[]
    sources?: { url: string }[]
    homepage?: string
    url?: string
    kind?: string
  }
}

export interface TrackerTarget {
  infoHash: string
  tracker: string
}

export interface ProbeTarget {
  /** `swarmKey` of a content, or the AT-URI of a dataset. */
  subject: string
  url: string
  /** `skipped` for what is never probed, with the reason in `detail.message`. */
  status: 'unchecked' | 'skipped'
  detail: ProbeTargetDetail
}

export interface ProbeTargetDetail {
  kind?: string
  /** Named in the metainfo itself. */
  metainfo?: true
  /** A homepage, which says less than a source. */
  homepage?: true
  message?: string
}

/** One content has so many trackers, one subject so many addresses: what strangers add beyond is not watched. */
const [maxTrackers, maxProbes] = [50, 200]
/** An address may be longer; such a one is not watched. */
const maxUrlLength = 2_000

/** A page of all visible records that name addresses, in order of id. */
export function readNamingPage(db: Db, page: { after: number; limit: number }): Promise<NamingRecord[]> {
  return readNaming(db, sql`r.id > ${page.after}`, page.limit)
}

/** The visible ones of these records. */
export function readNamingRecords(db: Db, uris: readonly string[]): Promise<NamingRecord[]> {
  return readNaming(db, sql`r.uri = ${anyOf(uris)}`, uris.length)
}

/** Webseed records of known contents that are not watched yet. */
export async function readUnwatchedWebseeds(db: Db, limit: number): Promise<NamingRecord[]> {
  const subject = sql`coalesce(c.info_hash_v2, c.info_hash_v1)`
  const unwatched = await rows<{ id: number }>(
    db,
    sql`
    SELECT w.id FROM catalog.webseed w
    JOIN catalog.content c ON c.id = coalesce(
      (SELECT id FROM catalog.content WHERE info_hash_v2 = w.info_hash_v2),
      (SELECT id FROM catalog.content WHERE info_hash_v1 = w.info_hash_v1))
    WHERE w.visible AND NOT c.private AND length(w.url) <= ${maxUrlLength}
      AND NOT EXISTS (SELECT FROM local.probe p WHERE p.subject = ${subject} AND p.url = w.url)
      AND (SELECT count(*) FROM local.probe p WHERE p.subject = ${subject}) < ${maxProbes}
    LIMIT ${limit}`,
  )
  if (unwatched.length === 0) return []
  return readNaming(db, sql`r.id = ${anyIdOf(unwatched.map((row) => row.id))}`, limit)
}

async function readNaming(db: Db, condition: SQL, limit: number): Promise<NamingRecord[]> {
  const found = await rows<NamingRecord & Record<string, unknown>>(
    db,
    sql`
    SELECT r.id, r.uri, r.kind, coalesce(c.info_hash_v2, c.info_hash_v1) AS "infoHash",
      coalesce(c.private, false) AS private, r.value
    FROM catalog.record r
    LEFT JOIN catalog.torrent t ON t.id = r.id AND r.kind = 'torrent' AND t.metainfo_status = 'verified'
    LEFT JOIN catalog.webseed w ON w.id = r.id AND r.kind = 'webseed'
    LEFT JOIN catalog.content c ON c.id = coalesce(t.content_id,
      (SELECT id FROM catalog.content WHERE info_hash_v2 = w.info_hash_v2),
      (SELECT id FROM catalog.content WHERE info_hash_v1 = w.info_hash_v1))
    WHERE r.visible AND r.kind IN ('torrent', 'webseed', 'dataset') AND ${condition}
    ORDER BY r.id LIMIT ${limit}`,
  )
  return found.map((row) => ({ ...row, value: mappedRecord(row.value) ?? row.value }))
}

/** Remembers trackers of contents; counts come when they are asked. */
export async function addTrackerTargets(db: Db, targets: readonly TrackerTarget[]): Promise<void> {
  if (targets.length === 0) return
  await db.execute(sql`
    INSERT INTO local.swarm (info_hash, tracker)
    SELECT "infoHash", tracker FROM ${recordset(targets, '"infoHash" text, tracker text')}
    WHERE (SELECT count(*) FROM local.swarm s WHERE s.info_hash = input."infoHash") < ${maxTrackers}
    ON CONFLICT DO NOTHING`)
}

/** Remembers addresses to probe; they are due at once. */
export async function addProbeTargets(db: Db, targets: readonly ProbeTarget[]): Promise<void> {
  const fitting = targets.filter(({ url }) => url.length <= maxUrlLength)
  const unique = [...new Map(fitting.map((target) => [`${target.subject} ${target.url}`, target])).values()]
  if (unique.length === 0) return
  await db.execute(sql`
    INSERT INTO local.probe AS p (url, subject, status, detail, checked_at, changed_at, next_at)
    SELECT url, subject, status, detail, now(), now(), CASE WHEN status = 'skipped' THEN 'infinity' ELSE now() END
    FROM ${recordset(unique, 'url text, subject text, status text, detail jsonb')}
    WHERE (SELECT count(*) FROM local.probe other WHERE other.subject = input.subject) < ${maxProbes}
    ON CONFLICT (subject, url) DO UPDATE SET detail = p.detail || excluded.detail
    WHERE excluded.detail ? 'metainfo' AND NOT p.detail ? 'metainfo'`)
}

/** Adds a warning to records that do not have it. */
export async function addWarning(db: Db, uris: readonly string[], warning: string): Promise<void> {
  if (uris.length === 0) return
  await db.execute(sql`
    UPDATE catalog.record SET warnings = warnings || jsonb_build_array(${warning}::text)
    WHERE uri = ${anyOf(uris)} AND NOT warnings ? ${warning}::text`)
}

/** The records that changed after this place in the record stream. A new epoch means: read everything again. */
export async function readChangedSince(
  db: Db,
  place: { epoch: string; seq: number } | undefined,
): Promise<{ place: { epoch: string; seq: number }; uris: readonly string[] | 'all' }> {
  const [stream] = await rows<{ epoch: string; seq: number }>(
    db,
    sql`SELECT epoch, seq FROM local.stream WHERE name = 'records'`,
  )
  const now = stream ?? { epoch: '', seq: 0 }
  if (place?.epoch !== now.epoch) return { place: now, uris: 'all' }
  const changed = await rows<{ uri: string }>(
    db,
    sql`SELECT DISTINCT uri FROM local.record_change
        WHERE seq > ${place.seq} AND seq <= ${now.seq} AND action IN ('upsert', 'unhide')`,
  )
  return { place: now, uris: changed.map((row) => row.uri) }
}
