/**
 * The two live streams. A change is written in the transaction that makes it true, under a sequence whose
 * row lock is held until the commit, so a reader that reads in order of `seq` misses nothing.
 */

import { type SQL, sql } from 'drizzle-orm'
import { channels } from '../../store/channels.ts'
import { anyIdOf, anyOf, type Db, recordset, rows } from '../../store/sql.ts'
import type { Touched } from './touched.ts'

export interface InfoHashChange {
  action: 'add' | 'remove'
  infoHashV1: string | null
  infoHashV2: string | null
}

export interface RecordChange {
  action: 'upsert' | 'delete' | 'hide' | 'unhide'
  /** The kind of the record; or `account`, which only removes an account's earlier events and is not sent to readers. */
  kind: string
  uri: string
  cid: string | null
}

/** Appends to the allow-list stream. */
export async function appendInfoHashChanges(db: Db, changes: readonly InfoHashChange[]): Promise<void> {
  if (changes.length === 0) return
  const input = changes.map((change, i) => ({
    place: i + 1 - changes.length,
    action: change.action,
    v1: change.infoHashV1,
    v2: change.infoHashV2,
  }))
  await db.execute(sql`
    WITH stream AS (${advance('infoHashes', changes.length)}),
    told AS (
      INSERT INTO local.info_hash_change (seq, action, info_hash_v1, info_hash_v2)
      SELECT stream.seq + place, action, v1, v2
      FROM stream, ${recordset(input, 'place bigint, action text, v1 text, v2 text')})
    SELECT pg_notify(${channels.infoHashes}, '')`)
}

const streamedKinds = ['dataset', 'torrent', 'account']

/** Appends to the record stream, and purges from the replay everything that is no longer visible. */
export async function appendRecordChanges(db: Db, changes: readonly RecordChange[]): Promise<void> {
  const streamed = changes.filter(({ kind }) => streamedKinds.includes(kind))
  if (streamed.length === 0) return
  const gone = streamed.filter((change) => change.action === 'delete' || change.action === 'hide')
  if (gone.length > 0) {
    await db.execute(
      sql`DELETE FROM local.record_change WHERE uri = ${anyOf(gone.map((change) => change.uri))}`,
    )
  }
  const input = streamed.map((change, i) => ({ place: i + 1 - streamed.length, ...change }))
  await db.execute(sql`
    WITH stream AS (${advance('records', streamed.length)}),
    told AS (
      INSERT INTO local.record_change (seq, action, kind, uri, cid)
      SELECT stream.seq + place, action, kind, uri, cid
      FROM stream, ${recordset(input, 'place bigint, action text, kind text, uri text, cid text')})
    SELECT pg_notify(${channels.records}, '')`)
}

/** Appends to the record stream what was removed, shown or hidden, and what was written and is visible. */
export async function appendTouched(db: Db, { removed, flipped, written }: Touched): Promise<void> {
  const gone = removed.map(({ kind, uri }): RecordChange => ({ action: 'delete', kind, uri, cid: null }))
  const moved = flipped.map((row): RecordChange => {
    const action = row.visible ? (written.has(row.id) ? 'upsert' : 'unhide') : 'hide'
    return { action, kind: row.kind, uri: row.uri, cid: row.cid }
  })
  await appendRecordChanges(db, [...gone, ...moved, ...(await stillVisible(db, { flipped, written }))])
}

async function stillVisible(
  db: Db,
  { flipped, written }: Pick<Touched, 'flipped' | 'written'>,
): Promise<RecordChange[]> {
  const isFlipped = new Set(flipped.map((row) => row.id))
  const ids = [...written.keys()].filter((id) => !isFlipped.has(id))
  if (ids.length === 0) return []
  const visible = await rows<{ uri: string; kind: string; cid: string }>(
    db,
    sql`SELECT uri, kind, cid FROM catalog.record WHERE visible AND id = ${anyIdOf(ids)} ORDER BY id`,
  )
  return visible.map((row) => ({ action: 'upsert', ...row }))
}

/** Gives a stream that nothing was ever written to its epoch. */
export async function startStream(db: Db, name: 'infoHashes' | 'records'): Promise<void> {
  await db.execute(sql`
    INSERT INTO local.stream (name, epoch, seq) VALUES (${name}, gen_random_uuid()::text, 0) ON CONFLICT DO NOTHING`)
}

/** Deletes changes older than the replay window, and remembers up to where, so that readers with an older cursor are told. */
export async function pruneChanges(db: Db, olderThan: Date): Promise<void> {
  const before = olderThan.toISOString()
  await db.execute(sql`
    WITH hashes AS (DELETE FROM local.info_hash_change WHERE at < ${before}::timestamptz RETURNING seq),
    records AS (DELETE FROM local.record_change WHERE at < ${before}::timestamptz RETURNING seq),
    pruned AS (
      SELECT (SELECT max(seq) FROM hashes) AS hashes, (SELECT max(seq) FROM records) AS records)
    INSERT INTO local.setting AS s (name, value)
    SELECT 'streamPrunedTo', jsonb_build_object('infoHashes', coalesce(hashes, 0), 'records', coalesce(records, 0)) FROM pruned
    ON CONFLICT (name) DO UPDATE SET value = jsonb_build_object(
      'infoHashes', greatest((s.value ->> 'infoHashes')::bigint, (excluded.value ->> 'infoHashes')::bigint),
      'records', greatest((s.value ->> 'records')::bigint, (excluded.value ->> 'records')::bigint))`)
}

/** Takes `count` sequence numbers and returns the last; the row stays locked until the commit. */
function advance(stream: 'infoHashes' | 'records', count: number): SQL {
  return sql`
    INSERT INTO local.stream AS s (name, epoch, seq) VALUES (${stream}, gen_random_uuid()::text, ${count})
    ON CONFLICT (name) DO UPDATE SET seq = s.seq + ${count} RETURNING seq`
}
