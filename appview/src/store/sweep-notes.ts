/** Notes which flags are to be updated later (`catalog/sweeps.ts`), in the transaction of the decision that changes them. */

import { sql } from 'drizzle-orm'
import { channels } from './channels.ts'
import { anyOf, type Db, recordset, rows, toInstant } from './sql.ts'

export interface SweepSubject {
  kind: 'did' | 'uri' | 'infohash' | 'all'
  value: string
}

/** Notes, in the transaction of a decision, that flags must be updated. Accounts that the decision hides are veiled at once. */
export async function noteSweeps(tx: Db, subjects: readonly SweepSubject[]): Promise<void> {
  if (subjects.length === 0) return
  await tx.execute(sql`
    INSERT INTO catalog.sweep AS s (subject, kind, veiled)
    SELECT value, kind, kind = 'did' AND (
      EXISTS (SELECT FROM catalog.account a WHERE a.did = value AND NOT a.active)
      OR EXISTS (SELECT FROM local.admission m WHERE m.subject = value AND m.action = 'deny'))
    FROM ${recordset(subjects, 'kind text, value text')}
    ON CONFLICT (subject) DO UPDATE SET veiled = excluded.veiled OR s.purge_up_to IS NOT NULL,
      changed = 0, since = now(), remaining = CASE WHEN s.purge_up_to IS NULL THEN 0 ELSE s.remaining END`)
  await tx.execute(sql`SELECT pg_notify(${channels.sweeps}, '')`)
}

/**
 * Notes again everything decided since then, for records that were written to a second catalog under the decisions of that
 * time. Every account among them is veiled at once; the other flags are updated later.
 */
export async function noteDecisionsSince(tx: Db, since: Date): Promise<void> {
  const at = since.toISOString()
  const decided = await rows<SweepSubject & Record<string, unknown>>(
    tx,
    sql`
    WITH decided AS (SELECT * FROM local.admission WHERE decided_at >= ${at}::timestamptz)
    SELECT subject_kind AS kind, subject AS value FROM decided WHERE subject_kind <> 'infohash'
    UNION ALL
    SELECT 'infohash', form.info_hash FROM local.info_hash_admission form JOIN decided USING (subject)`,
  )
  // A decision that was taken back leaves no row, so all flags are checked.
  await noteSweeps(tx, [...decided, { kind: 'all', value: 'all' }])
}

/** Notes that all records of these accounts must be deleted; {@link noteSweeps} has veiled the accounts. */
export async function notePurges(tx: Db, dids: readonly string[]): Promise<void> {
  if (dids.length === 0) return
  await tx.execute(sql`
    UPDATE catalog.sweep SET veiled = true, purge_up_to = (SELECT last_value FROM catalog.record_id_seq),
      remaining = (SELECT count(*) FROM catalog.record WHERE did = subject)
    WHERE subject = ${anyOf(dids)}`)
  await tx.execute(sql`DELETE FROM catalog.repo WHERE did = ${anyOf(dids)}`)
}

/** Stores how many records are still to be checked, unless the sweep has stored that already. Does not wait for locks. */
export async function noteRemaining(db: Db, { value }: SweepSubject, remaining: number): Promise<void> {
  await db.execute(sql`
    UPDATE catalog.sweep SET remaining = ${remaining}::int WHERE subject = (
      SELECT subject FROM catalog.sweep WHERE subject = ${value} AND remaining = 0 FOR UPDATE SKIP LOCKED)`)
}

export interface PendingSweep extends SweepSubject {
  /** How many records were still to be checked when last counted; 0 when they have not been counted. */
  remaining: number
  /** When it was decided, in ISO 8601. */
  since: string
}

/** Reads the notes, oldest first. */
export async function readSweeps(db: Db): Promise<PendingSweep[]> {
  const found = await rows<PendingSweep & Record<string, unknown>>(
    db,
    sql`SELECT kind, subject AS value, remaining, since FROM catalog.sweep ORDER BY since, subject LIMIT 1000`,
  )
  return found.map((row) => ({ ...row, since: toInstant(row.since) }))
}
