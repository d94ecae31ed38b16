/**
 * What is to be scraped and probed: the trackers of each content (`local.swarm`), its webseeds, and the sources of each
 * dataset (`local.probe`), collected from the records that name them and from metainfo.
 */

import { mappedRecord } from '@holdfast/lexicons/foreign'
import { type SQL, sql } from 'drizzle-orm'
import { anyIdOf, anyOf, type Db, recordset, rows } from '../../store/sql.ts'
import { writing } from '../../store/write-turns.ts'
import { settle } from '../derive/settle.ts'
import { createTouched } from '../derive/touched.ts'
import { isLetIn, type NamedBy, speaksForContent, writeNamings } from '../named-addresses.ts'
import { shown } from '../shown.ts'

/** A record that names addresses, with the values that its author wrote, or those to which a foreign record is mapped. */
export interface NamingRecord {
  id: number
  uri: string
  kind: 'torrent' | 'webseed' | 'dataset'
  /** The content a torrent or webseed is about, as `swarmKey` names it; null before its metainfo is verified. */
  infoHash: string | null
  private: boolean
  value: {
    trackers?: { url: string }[]
    webseeds?: { url: string; kind?: string }[]
    sources?: { url: string }[]
    homepage?: string
    url?: string
    kind?: string
  }
}

export interface TrackerTarget {
  infoHash: string
  tracker: string
  /** What names the tracker; absent for the DHT. */
  by?: NamedBy
}

export interface ProbeTarget {
  /** `swarmKey` of a content, or the AT-URI of a dataset. */
  subject: string
  url: string
  /** `skipped` for an address that is never probed; `detail.message` says why. */
  status: 'unchecked' | 'skipped'
  detail: ProbeTargetDetail
  /** What names the webseed. */
  by?: NamedBy
}

export interface ProbeTargetDetail {
  kind?: string
  /** The address is named in the metainfo itself. */
  metainfo?: true
  /** The address is a homepage, whose status says less than that of a source. */
  homepage?: true
  message?: string
}

/** Whether an account that the operator let in names the webseed `input`; for those there are places of their own. */
const isSpokenFor = sql`EXISTS (
  SELECT FROM catalog.named_address n JOIN catalog.record r ON r.id = n.record_id
  WHERE n.info_hash = input.subject AND n.kind = 'webseed' AND n.url = input.url AND ${isLetIn(sql`r.did`)})`

/** The most trackers of a content, and the most addresses of a subject; any more from strangers are not watched. */
const [maxTrackers, maxProbes] = [50, 200]
/** Longer addresses are not watched. */
const maxUrlLength = 2_000

/** Reads a page of all visible records that name addresses, in order of id. */
export function readNamingPage(db: Db, page: { after: number; limit: number }): Promise<NamingRecord[]> {
  return readNaming(db, sql`r.id > ${page.after}`, page.limit)
}

/** Reads the visible ones of these records. */
export function readNamingRecords(db: Db, uris: readonly string[]): Promise<NamingRecord[]> {
  return readNaming(db, sql`r.uri = ${anyOf(uris)}`, uris.length)
}

/** Reads webseed records of known contents that are not watched yet. */
export async function readUnwatchedWebseeds(db: Db, limit: number): Promise<NamingRecord[]> {
  const subject = sql`coalesce(c.info_hash_v2, c.info_hash_v1)`
  const unwatched = await rows<{ id: number }>(
    db,
    sql`
    SELECT w.id FROM catalog.webseed w
    JOIN catalog.content c ON c.id = coalesce(
      (SELECT id FROM catalog.content WHERE info_hash_v2 = w.info_hash_v2),
      (SELECT id FROM catalog.content WHERE info_hash_v1 = w.info_hash_v1))
    WHERE ${shown('w')} AND NOT c.private AND length(w.url) <= ${maxUrlLength}
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
    WHERE ${shown('r')} AND r.kind IN ('torrent', 'webseed', 'dataset') AND ${condition}
    ORDER BY r.id LIMIT ${limit}`,
  )
  return found.map((row) => ({ ...row, value: mappedRecord(row.value) ?? row.value }))
}

/** Stores trackers of contents, which are asked for counts later. */
export async function addTrackerTargets(db: Db, targets: readonly TrackerTarget[]): Promise<void> {
  if (targets.length === 0) return
  await writeNamings(
    db,
    targets.flatMap(({ infoHash, tracker, by }) =>
      by ? [{ infoHash, kind: 'tracker', url: tracker, by }] : [],
    ),
  )
  // Accounts that may speak for a content have places of their own, which nobody else can use up.
  await db.execute(sql`
    INSERT INTO local.swarm AS known (info_hash, tracker, named)
    SELECT s.info_hash, s.tracker, s.named FROM (
      SELECT "infoHash" AS info_hash, tracker, true AS named, false AS own,
        row_number() OVER (PARTITION BY "infoHash" ORDER BY min(place)) AS place
      FROM ${recordset(
        targets.map((target, place) => ({ ...target, place })),
        '"infoHash" text, tracker text, place int',
      )} GROUP BY "infoHash", tracker) AS s
    WHERE EXISTS (SELECT FROM local.swarm same WHERE same.info_hash = s.info_hash AND same.tracker = s.tracker)
      OR s.place + (SELECT count(*) FROM local.swarm other WHERE other.info_hash = s.info_hash) <=
        CASE WHEN ${speaksForContent} THEN ${2 * maxTrackers}::int ELSE ${maxTrackers}::int END
    ON CONFLICT (info_hash, tracker) DO UPDATE SET named = true WHERE known.named IS NOT TRUE`)
  const swarms = targets.map(({ infoHash }) => infoHash)
  await writing(db, (tx) => settle(tx, createTouched({ swarms })))
}

/** Stores addresses to probe; they are due at once. */
export async function addProbeTargets(db: Db, targets: readonly ProbeTarget[]): Promise<void> {
  const fitting = targets.filter(({ url }) => url.length <= maxUrlLength)
  const unique = [...new Map(fitting.map((target) => [`${target.subject} ${target.url}`, target])).values()]
  if (unique.length === 0) return
  await writeNamings(
    db,
    fitting.flatMap(({ subject, url, by }) => (by ? [{ infoHash: subject, kind: 'webseed', url, by }] : [])),
  )
  await db.execute(sql`
    INSERT INTO local.probe AS p (url, subject, status, detail, checked_at, changed_at, next_at)
    SELECT url, subject, status, detail, now(), now(), CASE WHEN status = 'skipped' THEN 'infinity' ELSE now() END
    FROM (SELECT *, row_number() OVER (PARTITION BY subject) AS place
      FROM ${recordset(unique, 'url text, subject text, status text, detail jsonb')}) AS input
    WHERE EXISTS (SELECT FROM local.probe same WHERE same.subject = input.subject AND same.url = input.url)
      OR place + (SELECT count(*) FROM local.probe other WHERE other.subject = input.subject) <=
        CASE WHEN ${isSpokenFor} THEN ${2 * maxProbes}::int ELSE ${maxProbes}::int END
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

/** Reads the records that changed after a position in the record stream. A new epoch means that all must be read again. */
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
