/** The operator's decisions: the history of all, and the rows of those that stand. */
import { randomUUID } from 'node:crypto'
import { type SQL, sql } from 'drizzle-orm'
import { decodeCursor, encodeCursor } from '../store/page-cursor.ts'
import { type Db, recordset, rows, toInstant } from '../store/sql.ts'
import { noteSweeps, type SweepSubject } from '../store/sweep-notes.ts'
import { writing } from '../store/write-turns.ts'
import { writeForm } from './info-hash-forms.ts'

export type AdmissionAction = 'allow' | 'deny' | 'restore'

/** What a decision is about. An infohash is lowercase hex: v1 (40), v2 (64) or truncated v2 (40). */
export interface AdmissionSubject {
  kind: 'did' | 'uri' | 'infohash'
  value: string
}

/** One decision, as it is kept for ever. */
export interface Decision {
  readonly id: string
  /** When, in ISO 8601. */
  readonly at: string
  readonly action: AdmissionAction
  readonly subject: string
  readonly subjectKind: AdmissionSubject['kind']
  readonly reason: string | null
  /** Who decided, as they named themselves. */
  readonly by: string | null
  /** All infohashes of the content, as they were known then; empty for other subjects. */
  readonly infoHashes: readonly string[]
}

/** Makes a decision of this moment. */
export function newDecision(
  { kind, value }: AdmissionSubject,
  made: Pick<Decision, 'action' | 'infoHashes'> & {
    reason?: string | undefined
    by?: string | undefined
  },
): Decision {
  return {
    id: randomUUID(),
    at: new Date().toISOString(),
    action: made.action,
    subject: value,
    subjectKind: kind,
    reason: made.reason ?? null,
    by: made.by ?? null,
    infoHashes: made.infoHashes,
  }
}

/** Adds decisions to the history. */
export async function writeHistory(tx: Db, decisions: readonly Decision[]): Promise<void> {
  const columns =
    'id text, at timestamptz, action text, subject text, "subjectKind" text, reason text, by text, "infoHashes" jsonb'
  await tx.execute(sql`
    INSERT INTO local.decision (id, at, action, subject, subject_kind, reason, by, info_hashes)
    SELECT id, at, action, subject, "subjectKind", reason, by, "infoHashes" FROM ${recordset(decisions, columns)}
    ON CONFLICT (id) DO NOTHING`)
}

/** Makes a decision stand in place of an earlier one on its subject; `restore` leaves none. */
export async function putDecision(tx: Db, decision: Decision): Promise<void> {
  const { subject, subjectKind, action, reason, at } = decision
  await tx.execute(sql`DELETE FROM local.info_hash_admission WHERE subject = ${subject}`)
  if (action === 'restore') {
    await tx.execute(sql`DELETE FROM local.admission WHERE subject = ${subject}`)
    return
  }
  await tx.execute(sql`
    INSERT INTO local.admission (subject, subject_kind, action, reason, decided_at)
    VALUES (${subject}, ${subjectKind}, ${action}, ${reason}, ${at}::timestamptz)
    ON CONFLICT (subject) DO UPDATE SET subject_kind = excluded.subject_kind, action = excluded.action,
      reason = excluded.reason, decided_at = excluded.decided_at`)
  for (const form of decision.infoHashes) await writeForm(tx, form, { subject, action })
}

/** What a decision changes the flags of. */
export function sweptBy({ subject, subjectKind, infoHashes }: Decision): SweepSubject[] {
  if (subjectKind !== 'infohash') return [{ kind: subjectKind, value: subject }]
  return infoHashes.map((value) => ({ kind: 'infohash', value }))
}

/**
 * Compares the history with a copy of it that lies outside the database. What only the copy has, the database takes over:
 * of the decisions on one subject the latest stands. Resolves with what only the database has, oldest first, and with how many
 * it took over.
 */
export async function mergeHistory(
  db: Db,
  copy: readonly Decision[],
): Promise<{ missingInCopy: Decision[]; takenOver: number }> {
  const history = await rows<{ id: string }>(db, sql`SELECT id FROM local.decision`)
  const known = new Set(history.map(({ id }) => id))
  const lost = copy.filter(({ id }) => !known.has(id))
  if (lost.length > 0) await takeOver(db, lost)
  const copied = new Set(copy.map(({ id }) => id))
  const missing = [...known].filter((id) => !copied.has(id))
  const missingInCopy = missing.length === 0 ? [] : await readHistory(db, sql`id IN (${idsOf(missing)})`)
  return { missingInCopy, takenOver: lost.length }
}

async function takeOver(db: Db, lost: readonly Decision[]): Promise<void> {
  await writing(db, async (tx) => {
    await writeHistory(tx, lost)
    const subjects = [...new Set(lost.map(({ subject }) => subject))].map((subject) => ({ subject }))
    const latest = await readHistory(
      tx,
      sql`id IN (SELECT DISTINCT ON (subject) id FROM local.decision JOIN ${recordset(subjects, 'subject text')} USING (subject)
        ORDER BY subject, at DESC, id DESC)`,
    )
    for (const decision of latest) await putDecision(tx, decision)
    await noteSweeps(tx, uniqueSweeps(latest.flatMap(sweptBy)))
  })
}

function uniqueSweeps(sweeps: readonly SweepSubject[]): SweepSubject[] {
  return [...new Map(sweeps.map((sweep) => [sweep.value, sweep])).values()]
}

const idsOf = (ids: readonly string[]): SQL =>
  sql`SELECT id FROM ${recordset(
    ids.map((id) => ({ id })),
    'id text',
  )}`

/** Oldest first. */
async function readHistory(db: Db, where: SQL): Promise<Decision[]> {
  return (await selectDecisions(db, sql`WHERE ${where} ORDER BY at, id`)).map(({ decision }) => decision)
}

/** A page of the history, latest first. @throws InvalidCursorError */
export async function listDecisions(
  db: Db,
  page: { limit: number; cursor?: string | undefined; subjects?: readonly string[] | undefined },
): Promise<{ decisions: Decision[]; cursor?: string }> {
  const after = page.cursor === undefined ? [] : decodeCursor('decisions', page.cursor, ['instant', 'string'])
  const [at, last] = after
  const conditions = [
    ...(at === undefined ? [] : [sql`(at, id) < (${at}::timestamptz, ${last})`]),
    ...(page.subjects === undefined
      ? []
      : [
          sql`subject IN (SELECT subject FROM ${recordset(
            page.subjects.map((subject) => ({ subject })),
            'subject text',
          )})`,
        ]),
  ]
  const where = conditions.length === 0 ? sql`` : sql`WHERE ${sql.join(conditions, sql` AND `)}`
  const found = await selectDecisions(db, sql`${where} ORDER BY at DESC, id DESC LIMIT ${page.limit + 1}`)
  const shown = found.slice(0, page.limit)
  const end = shown.at(-1)
  return {
    decisions: shown.map(({ decision }) => decision),
    ...(found.length > page.limit && end && { cursor: encodeCursor('decisions', [end.at, end.decision.id]) }),
  }
}

/** `at` is the instant in PostgreSQL's text, for cursors. */
async function selectDecisions(db: Db, rest: SQL): Promise<{ at: string; decision: Decision }[]> {
  const found = await rows<Decision & Record<string, unknown>>(
    db,
    sql`SELECT id, at::text AS at, action, subject, subject_kind AS "subjectKind", reason, by, info_hashes AS "infoHashes"
      FROM local.decision ${rest}`,
  )
  return found.map((row) => ({ at: row.at, decision: { ...row, at: toInstant(row.at) } }))
}
