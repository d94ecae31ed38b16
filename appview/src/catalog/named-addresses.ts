/**
 * Who named which tracker or webseed of a content: a record itself, or the metainfo by which a record is verified. An
 * address is used and shown while a visible record names it. Two kinds of accounts may speak for a content: those that the
 * operator let in by name, and the one that was first to publish it here. Addresses that others name are only claims.
 */
import { type SQL, sql } from 'drizzle-orm'
import { anyIdOf, type Db, recordset } from '../store/sql.ts'
import { dhtSource } from './swarms/contents.ts'

export type AddressKind = 'tracker' | 'webseed'

/** What names an address: a record, or metainfo (by its CID) on behalf of every record that is verified by it. */
export type NamedBy = { recordId: number } | { metainfoCid: string }

export interface Naming {
  by: NamedBy
  /** As `swarmKey` gives it. */
  infoHash: string
  kind: AddressKind
  url: string
}

/** Stores who named addresses. */
export async function writeNamings(db: Db, namings: readonly Naming[]): Promise<void> {
  if (namings.length === 0) return
  const input = namings.map(({ by, ...naming }) => ({
    ...naming,
    record: 'recordId' in by ? by.recordId : 0,
    cid: 'metainfoCid' in by ? by.metainfoCid : '',
  }))
  await db.execute(sql`
    INSERT INTO catalog.named_address (info_hash, kind, url, record_id, metainfo_cid)
    SELECT DISTINCT "infoHash", kind, url, record, cid
    FROM ${recordset(input, '"infoHash" text, kind text, url text, record bigint, cid text')}
    ON CONFLICT DO NOTHING`)
}

/** Deletes the addresses that these records named themselves. */
export async function forgetNamings(db: Db, recordIds: readonly number[]): Promise<void> {
  if (recordIds.length === 0) return
  await db.execute(
    sql`DELETE FROM catalog.named_address WHERE record_id = ${anyIdOf(recordIds)} AND record_id <> 0`,
  )
}

/** The visible records that name an address, as `did` and `uri`. */
function namers({ infoHash, kind, url }: { infoHash: SQL; kind: AddressKind; url: SQL }): SQL {
  return sql`(
    SELECT r.did, r.uri FROM catalog.named_address n JOIN catalog.record r ON r.id = n.record_id AND r.visible
    WHERE n.info_hash = ${infoHash} AND n.kind = ${kind} AND n.url = ${url} AND n.record_id <> 0
    UNION ALL
    SELECT t.did, t.uri FROM catalog.named_address n
    JOIN catalog.torrent t ON t.metainfo_cid = n.metainfo_cid AND t.visible AND t.metainfo_status = 'verified'
    WHERE n.info_hash = ${infoHash} AND n.kind = ${kind} AND n.url = ${url} AND n.metainfo_cid <> '')`
}

/** Whether a visible record names an address. */
export function isNamed(address: { infoHash: SQL; kind: AddressKind; url: SQL }): SQL {
  return sql`EXISTS (SELECT FROM ${namers(address)} AS namer)`
}

/** One account whose visible record names an address; NULL when it is not stored who names it. */
export function namerOf(address: { infoHash: SQL; kind: AddressKind; url: SQL }): SQL {
  return sql`(SELECT namer.did FROM ${namers(address)} AS namer ORDER BY namer.did LIMIT 1)`
}

/** Whether the metainfo that a torrent is verified by names the address of the row `p` of `local.probe`; also true when it is not stored who named it. */
export function isInItsMetainfo(torrent = 't'): SQL {
  return sql`(
    EXISTS (SELECT FROM catalog.named_address n WHERE n.info_hash = p.subject AND n.kind = 'webseed' AND n.url = p.url
      AND n.metainfo_cid = ${sql.raw(torrent)}.metainfo_cid AND n.metainfo_cid <> '')
    OR NOT EXISTS (SELECT FROM catalog.named_address n WHERE n.info_hash = p.subject AND n.kind = 'webseed' AND n.url = p.url
      AND n.metainfo_cid <> ''))`
}

/** Whether the operator allowed an account by name. */
export function isLetIn(did: SQL): SQL {
  return sql`EXISTS (SELECT FROM local.admission a WHERE a.subject = ${did} AND a.action = 'allow')`
}

/**
 * The order among several records about one content: those of accounts that were allowed by name, then those that named it
 * here first. A record that was rewritten to name it counts from then.
 */
export function byStanding(record: { did: SQL; uri: SQL; id: SQL }): SQL {
  return sql`${isLetIn(record.did)} DESC,
    coalesce((SELECT coalesce(f.named_at, f.at) FROM local.first_seen f WHERE f.uri = ${record.uri}), 'infinity'), ${record.id}`
}

/** Of a content with more records than this, who was first is looked for among the oldest. */
const mostRecords = 10_000

/** The account that was first to publish a content here, among those with visible records. */
function firstAuthor(infoHash: SQL): SQL {
  const oldest = (where: SQL) => sql`(
    SELECT t.id, t.did, t.uri FROM catalog.torrent t WHERE t.visible AND t.metainfo_status = 'verified' AND ${where}
    ORDER BY t.id LIMIT ${mostRecords})`
  return sql`(
    SELECT t.did FROM (
      ${oldest(sql`t.info_hash_v2 = ${infoHash}`)}
      UNION ALL ${oldest(sql`t.info_hash_v1 = ${infoHash} AND t.info_hash_v2 IS NULL`)}) AS t
    ORDER BY ${byStanding({ did: sql`t.did`, uri: sql`t.uri`, id: sql`t.id` })} LIMIT 1)`
}

/** Whether somebody who may speak for the content names the tracker of the row `s` of `local.swarm`. */
export const speaksForContent = speaks(
  sql`(WITH first AS MATERIALIZED (SELECT ${firstAuthor(sql`s.info_hash`)} AS did) SELECT did FROM first)`,
)

function speaks(first: SQL): SQL {
  return sql`(s.own OR s.tracker = ${dhtSource} OR s.named IS NOT TRUE OR EXISTS (
    SELECT FROM ${namers({ infoHash: sql`s.info_hash`, kind: 'tracker', url: sql`s.tracker` })} AS namer
    WHERE ${isLetIn(sql`namer.did`)} OR namer.did = ${first}))`
}

/**
 * The rows of `local.swarm` of a content, with `speaks`: whether somebody who may speak for the content names the tracker. Who
 * was first is found once for all trackers, and only if it matters.
 */
export function swarmsOf(infoHash: SQL): SQL {
  return sql`(
    WITH first AS MATERIALIZED (SELECT ${firstAuthor(infoHash)} AS did)
    SELECT s.*, ${speaks(sql`(SELECT did FROM first)`)} AS speaks FROM local.swarm s WHERE s.info_hash = ${infoHash})`
}

/** Whether a visible record names the tracker of the row `s` of `local.swarm`, so that it is asked and shown. */
export const isWatched = sql`(s.own OR s.tracker = ${dhtSource} OR s.named IS NOT TRUE
  OR ${isNamed({ infoHash: sql`s.info_hash`, kind: 'tracker', url: sql`s.tracker` })})`

/**
 * The believed number of seeders: what our own trackers count, or the median of what other trackers claim, whichever is
 * higher. NULL when no tracker has been asked.
 */
export function believedSeeders(infoHash: SQL): SQL {
  return sql`(
    SELECT greatest(max(s.seeders) FILTER (WHERE s.own),
      percentile_disc(0.5) WITHIN GROUP (ORDER BY s.seeders) FILTER (WHERE NOT s.own))
    FROM ${swarmsOf(infoHash)} AS s WHERE s.seeders IS NOT NULL AND s.speaks)`
}
