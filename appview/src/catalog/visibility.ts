/**
 * Who may be seen, in one place (invariants 5 and 9). A record is visible when it is valid, its account is
 * active, nobody denied it, its account or its infohash, and the admission policy lets it in. The flags on
 * `record`, `dataset`, `torrent`, `webseed`, `assessment`, `profile` and `content.announced` are derived here
 * and nowhere else, inside the transaction of whatever changed.
 */
import { type SQL, sql } from 'drizzle-orm'
import {
  appendInfoHashChanges,
  appendRecordChanges,
  type InfoHashChange,
  type RecordChange,
} from './changes.ts'
import { refreshAssessed } from './search/terms/assessed.ts'
import { anyIdOf, anyOf, type Db, idArray, rows } from './sql.ts'
import { noteDatasetChanges } from './writes/dataset-changes.ts'
import { refreshDatasetCounts } from './writes/dataset-counts.ts'

export type AdmissionPolicy = 'open' | 'accounts' | 'reviewed'

/** Which records may have changed. */
export type Scope =
  | { ids: readonly number[] }
  | { dids: readonly string[] }
  | { infoHashes: readonly string[] }
  | 'all'

const projections = ['dataset', 'torrent', 'webseed', 'assessment', 'profile'] as const

interface Flip extends Record<string, unknown> {
  id: number
  uri: string
  kind: string
  cid: string
  visible: boolean
}

/** A record that this transaction wrote. */
export interface WrittenRecord {
  id: number
  kind: string
}

/**
 * Recomputes the flags in a scope, and tells both live streams. Records in `written` were just written: when
 * visible they are told as `upsert` even if the flag did not move. Resolves with how many came into or went
 * out of view.
 */
export async function refreshVisibility(
  db: Db,
  scope: Scope,
  written: readonly WrittenRecord[] = [],
): Promise<number> {
  const flips = await flip(db, scope)
  for (const kind of projections) await copyToProjection(db, kind, idsOf(kind, flips))
  const assessmentIds = idsOf('assessment', [...written, ...flips])
  if (assessmentIds.length > 0) await refreshAssessed(db, { assessmentIds })
  await noteDatasetChanges(db, { datasetIds: idsOf('dataset', [...written, ...flips]) })
  const torrentIds = idsOf('torrent', [...written, ...flips])
  if (torrentIds.length > 0) {
    await refreshDatasetCounts(db, { torrentIds })
    await noteDatasetChanges(db, { torrentIds })
    await refreshAnnounced(db, { torrentIds })
  }
  const writtenIds = new Set(written.map((row) => row.id))
  const still = await stillVisible(db, writtenIds, flips)
  await appendRecordChanges(db, [...flips.map((row) => toChange(row, writtenIds)), ...still])
  return flips.length
}

/** Recomputes which contents are announced and tells the allow-list stream. */
export async function refreshAnnounced(
  db: Db,
  scope: { torrentIds?: readonly number[]; contentIds?: readonly number[] },
): Promise<void> {
  // Not `OR`, which would have every content looked at.
  const inScope = sql`c.id IN (
    SELECT content_id FROM catalog.torrent WHERE id = ${anyIdOf(scope.torrentIds ?? [])}
    UNION SELECT unnest(${idArray(scope.contentIds ?? [])}))`
  const changed = await rows<{ v1: string | null; v2: string | null; announced: boolean }>(
    db,
    sql`
    WITH wanted AS (
      SELECT c.id, EXISTS (
        SELECT FROM catalog.torrent t
        WHERE t.content_id = c.id AND t.visible AND t.metainfo_status = 'verified') AS announced
      FROM catalog.content c WHERE ${inScope})
    UPDATE catalog.content AS c SET announced = w.announced FROM wanted w
    WHERE w.id = c.id AND c.announced <> w.announced
    RETURNING c.info_hash_v1 AS v1, c.info_hash_v2 AS v2, c.announced`,
  )
  await appendInfoHashChanges(
    db,
    changed.map(
      (row): InfoHashChange => ({
        action: row.announced ? 'add' : 'remove',
        infoHashV1: row.v1,
        infoHashV2: row.v2,
      }),
    ),
  )
}

/** Sets the policy the flags are computed under; recomputes everything when it differs from the last one. */
export async function applyAdmissionPolicy(db: Db, policy: AdmissionPolicy): Promise<void> {
  await db.transaction(async (tx) => {
    const [before] = await rows<{ value: unknown }>(
      tx,
      sql`SELECT value FROM local.setting WHERE name = 'admission' FOR UPDATE`,
    )
    if (before?.value === policy) return
    await tx.execute(sql`
      INSERT INTO local.setting (name, value) VALUES ('admission', to_jsonb(${policy}::text))
      ON CONFLICT (name) DO UPDATE SET value = excluded.value`)
    await refreshVisibility(tx, 'all')
  })
}

async function flip(db: Db, scope: Scope): Promise<Flip[]> {
  return rows<Flip>(
    db,
    sql`
    WITH policy AS (
      SELECT coalesce((SELECT value #>> '{}' FROM local.setting WHERE name = 'admission'), 'reviewed') AS name
    ), wanted AS (
      SELECT r.id, (
        r.reason IS NULL AND coalesce(a.active, true)
        AND d.action IS DISTINCT FROM 'deny' AND u.action IS DISTINCT FROM 'deny'
        AND NOT coalesce(h.denied, false)
        AND (policy.name = 'open' OR coalesce(d.action = 'allow', false)
          OR (policy.name = 'reviewed' AND (coalesce(u.action = 'allow', false) OR coalesce(h.allowed, false))))
      ) AS visible
      FROM catalog.record r CROSS JOIN policy
      LEFT JOIN catalog.account a ON a.did = r.did
      LEFT JOIN local.admission d ON d.subject = r.did
      LEFT JOIN local.admission u ON u.subject = r.uri
      LEFT JOIN LATERAL (
        SELECT bool_or(i.action = 'deny') AS denied, bool_or(i.action = 'allow') AS allowed
        FROM catalog.torrent t
        JOIN local.info_hash_admission i ON i.info_hash IN (t.info_hash_v1, t.info_hash_v2, left(t.info_hash_v2, 40))
        WHERE r.kind = 'torrent' AND t.id = r.id
      ) h ON true
      WHERE ${scopeCondition(scope)})
    UPDATE catalog.record AS r SET visible = w.visible FROM wanted w
    WHERE w.id = r.id AND r.visible <> w.visible
    RETURNING r.id, r.uri, r.kind, r.cid, r.visible`,
  )
}

function scopeCondition(scope: Scope): SQL {
  if (scope === 'all') return sql`true`
  if ('ids' in scope) return sql`r.id = ${anyIdOf(scope.ids)}`
  if ('dids' in scope) return sql`r.did = ${anyOf(scope.dids)}`
  const hashes = anyOf(scope.infoHashes)
  return sql`r.id IN (
    SELECT id FROM catalog.torrent
    WHERE info_hash_v1 = ${hashes} OR info_hash_v2 = ${hashes} OR left(info_hash_v2, 40) = ${hashes})`
}

function idsOf(kind: string, records: readonly WrittenRecord[]): number[] {
  return [...new Set(records.filter((row) => row.kind === kind).map((row) => row.id))]
}

async function copyToProjection(
  db: Db,
  kind: (typeof projections)[number],
  ids: readonly number[],
): Promise<void> {
  if (ids.length === 0) return
  await db.execute(sql`
    UPDATE ${sql.raw(`catalog.${kind}`)} AS p SET visible = r.visible
    FROM catalog.record r WHERE r.id = p.id AND p.visible <> r.visible AND p.id = ${anyIdOf(ids)}`)
}

async function stillVisible(
  db: Db,
  written: ReadonlySet<number>,
  flips: readonly Flip[],
): Promise<RecordChange[]> {
  const flipped = new Set(flips.map((row) => row.id))
  const ids = [...written].filter((id) => !flipped.has(id))
  if (ids.length === 0) return []
  const visible = await rows<Flip>(
    db,
    sql`SELECT id, uri, kind, cid, visible FROM catalog.record WHERE visible AND id = ${anyIdOf(ids)} ORDER BY id`,
  )
  return visible.map((row) => ({ action: 'upsert', kind: row.kind, uri: row.uri, cid: row.cid }))
}

function toChange(row: Flip, written: ReadonlySet<number>): RecordChange {
  const action = row.visible ? (written.has(row.id) ? 'upsert' : 'unhide') : 'hide'
  return { action, kind: row.kind, uri: row.uri, cid: row.cid }
}
