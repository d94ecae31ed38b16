/**
 * The one place that decides which records are visible (invariants 5 and 9). A record is visible when it is valid, its
 * account is active, neither it nor its account nor its infohash is denied, and the admission policy lets it in. The flags on
 * `record` and its projections are derived here and nowhere else,
 * in the transaction of the change.
 */

import { type SQL, sql } from 'drizzle-orm'
import { channels } from '../../store/channels.ts'
import { anyIdOf, anyOf, type Db, rows } from '../../store/sql.ts'
import { addAll, type FlippedRecord, type Touched } from './touched.ts'

/**
 * Which records may have changed. A decision, or a change of an account, cannot know all records that it affects when it
 * commits, because others may be writing some at that moment; `catalog/sweeps.ts` finds those.
 */
export type Scope =
  | { ids: readonly number[] }
  | { dids: readonly string[] }
  | { uris: readonly string[] }
  | { infoHashes: readonly string[] }
  | 'all'

/** The tables that have copies of the flag, with the column of a record's id. */
const projections = {
  dataset: 'id',
  torrent: 'id',
  webseed: 'id',
  assessment: 'id',
  profile: 'id',
  part: 'record_id',
  claim: 'id',
} as const

type Projection = keyof typeof projections

/** Recomputes the flags of touched records, and touches what depends on the records that were shown or hidden. */
export async function refreshVisibility(tx: Db, touched: Touched): Promise<void> {
  if (touched.records.size === 0) return
  const flips = await flip(tx, { ids: [...touched.records] })
  touched.flipped.push(...flips)
  await fetchOnceAdmitted(tx, flips)
  for (const kind of Object.keys(projections) as Projection[])
    await copyToProjection(tx, kind, idsOf(kind, flips))
  const changed = [...flips, ...Array.from(touched.written, ([id, kind]) => ({ id, kind }))]
  addAll(touched.assessments, idsOf('assessment', changed))
  addAll(touched.groupedDatasets, idsOf('dataset', changed))
  addAll(touched.torrents, idsOf('torrent', changed))
  // When a dataset is shown or hidden, its torrents may become wanted or not, and its sources are probed or not.
  const datasetUris = flips.filter(({ kind }) => kind === 'dataset').map(({ uri }) => uri)
  addAll(touched.datasetUris, datasetUris)
  addAll(touched.probedDatasetUris, datasetUris)
}

/** The right visibility of each record in a scope: rows of `id`, `kind`, `did`, `visible`, and the present flag `was`. */
function judged(scope: SQL): SQL {
  return sql`
    SELECT r.id, r.kind, r.visible AS was, (
      r.reason IS NULL AND coalesce(a.active, true) AND p.subject IS NULL
      AND d.action IS DISTINCT FROM 'deny' AND u.action IS DISTINCT FROM 'deny'
      AND NOT coalesce(h.denied, false)
      AND (policy.name = 'open' OR coalesce(d.action = 'allow', false)
        OR (policy.name = 'reviewed' AND (coalesce(u.action = 'allow', false) OR coalesce(h.allowed, false))))
    ) AS visible
    FROM catalog.record r
    CROSS JOIN (SELECT coalesce(
      (SELECT value #>> '{}' FROM local.setting WHERE name = 'admission'), 'reviewed') AS name) AS policy
    LEFT JOIN catalog.account a ON a.did = r.did
    LEFT JOIN catalog.sweep p ON p.subject = r.did AND p.purge_up_to IS NOT NULL
    LEFT JOIN local.admission d ON d.subject = r.did
    LEFT JOIN local.admission u ON u.subject = r.uri
    LEFT JOIN LATERAL (
      SELECT bool_or(i.action = 'deny') AS denied, bool_or(i.action = 'allow' AND t.metainfo_status = 'verified') AS allowed
      FROM catalog.torrent t
      JOIN local.info_hash_admission i ON i.info_hash IN (t.info_hash_v1, t.info_hash_v2, left(t.info_hash_v2, 40))
      WHERE r.kind = 'torrent' AND t.id = r.id
    ) h ON true
    WHERE ${scope}`
}

/** Records in a scope whose flags are out of date: torrents first, since trackers wait for them, then datasets. */
export async function findUnsettled(
  db: Db,
  scope: Scope,
  page: { limit: number; ids?: { after: number; upTo: number } },
): Promise<number[]> {
  const within = page.ids ? sql`AND r.id > ${page.ids.after} AND r.id <= ${page.ids.upTo}` : sql``
  const found = await rows<{ id: number }>(
    db,
    sql`SELECT id FROM (${judged(sql`${scopeCondition(scope)} ${within}`)}) AS judged WHERE visible <> was
        ORDER BY kind = 'torrent' DESC, kind = 'dataset' DESC, id LIMIT ${page.limit}`,
  )
  return found.map((row) => row.id)
}

/** Counts the records in a scope whose flags are out of date, up to a limit. */
export async function countUnsettled(db: Db, scope: Scope, limit: number): Promise<number> {
  const [counted] = await rows<{ n: number }>(db, sql`SELECT (${unsettledCount(scope, limit)})::int AS n`)
  return counted!.n
}

/** An SQL expression for the number that {@link countUnsettled} returns. */
export function unsettledCount(scope: Scope, limit: number): SQL {
  return sql`SELECT count(*) FROM (
    SELECT FROM (${judged(scopeCondition(scope))}) AS judged WHERE visible <> was LIMIT ${limit}) AS unsettled`
}

async function flip(db: Db, scope: Scope): Promise<FlippedRecord[]> {
  return rows<FlippedRecord>(
    db,
    sql`
    WITH wanted AS (${judged(scopeCondition(scope))})
    UPDATE catalog.record AS r SET visible = w.visible FROM wanted w
    WHERE w.id = r.id AND r.visible <> w.visible
    RETURNING r.id, r.uri, r.kind, r.cid, r.visible`,
  )
}

/** Makes the metainfo of newly admitted records due, and starts the time in which it must be fetched. */
async function fetchOnceAdmitted(db: Db, flips: readonly FlippedRecord[]): Promise<void> {
  const ids = flips.flatMap(({ id, kind, visible }) => (visible && kind === 'torrent' ? [id] : []))
  if (ids.length === 0) return
  const due = await rows(
    db,
    sql`UPDATE catalog.torrent SET next_try_at = now(), pending_since = now(), tries = 0
        WHERE id = ${anyIdOf(ids)} AND metainfo_status = 'pending' RETURNING 1 AS due`,
  )
  if (due.length > 0) await db.execute(sql`SELECT pg_notify(${channels.pendingMetainfo}, '')`)
}

function scopeCondition(scope: Scope): SQL {
  if (scope === 'all') return sql`true`
  if ('ids' in scope) return sql`r.id = ${anyIdOf(scope.ids)}`
  if ('dids' in scope) return sql`r.did = ${anyOf(scope.dids)}`
  if ('uris' in scope) return sql`r.uri = ${anyOf(scope.uris)}`
  const hashes = anyOf(scope.infoHashes)
  return sql`r.id IN (
    SELECT id FROM catalog.torrent
    WHERE info_hash_v1 = ${hashes} OR info_hash_v2 = ${hashes} OR left(info_hash_v2, 40) = ${hashes})`
}

function idsOf(kind: string, records: readonly { id: number; kind: string }[]): number[] {
  return records.filter((row) => row.kind === kind).map((row) => row.id)
}

async function copyToProjection(db: Db, kind: Projection, ids: readonly number[]): Promise<void> {
  if (ids.length === 0) return
  const id = sql.raw(`p.${projections[kind]}`)
  await db.execute(sql`
    UPDATE ${sql.raw(`catalog.${kind}`)} AS p SET visible = r.visible
    FROM catalog.record r WHERE r.id = ${id} AND p.visible <> r.visible AND ${id} = ${anyIdOf(ids)}`)
}
