/**
 * The two live streams. A change is written in the transaction that makes it true, under a sequence whose
 * row lock is held to the commit: whoever reads in order of `seq` misses nothing.
 */
import { type SQL, sql } from 'drizzle-orm'
import { anyOf, type Db, recordset } from './sql.ts'

/** Notified at commit; the payload is empty, readers read on from their cursor. */
export const infoHashChannel = 'holdfast_info_hash'
export const recordChannel = 'holdfast_record'

export interface InfoHashChange {
  action: 'add' | 'remove'
  infoHashV1: string | null
  infoHashV2: string | null
}

export interface RecordChange {
  action: 'upsert' | 'delete' | 'hide' | 'unhide'
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
    SELECT pg_notify(${infoHashChannel}, '')`)
}

/** Appends to the record stream, and purges from the replay whatever is no longer to be seen. */
export async function appendRecordChanges(db: Db, changes: readonly RecordChange[]): Promise<void> {
  const streamed = changes.filter((change) => change.kind === 'dataset' || change.kind === 'torrent')
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
    SELECT pg_notify(${recordChannel}, '')`)
}

/** Starts a new epoch of both streams: every reader takes a new snapshot. After a rebuild. */
export async function startNewEpochs(db: Db): Promise<void> {
  await db.execute(sql`DELETE FROM local.info_hash_change`)
  await db.execute(sql`DELETE FROM local.record_change`)
  await db.execute(sql`UPDATE local.stream SET epoch = gen_random_uuid()::text`)
  await db.execute(sql`SELECT pg_notify(${infoHashChannel}, ''), pg_notify(${recordChannel}, '')`)
}

/** Forgets changes older than the replay window, and remembers how far: a cursor before that is told it is outdated. */
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
