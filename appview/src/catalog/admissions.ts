import { sql } from 'drizzle-orm'
import { type Db, rows, toInstant } from '../store/sql.ts'
import { noteRemaining, noteSweeps } from '../store/sweep-notes.ts'
import { writing } from '../store/write-turns.ts'
import { countUnsettled, type Scope } from './derive/visibility.ts'
import { knownForms, writeForm } from './info-hash-forms.ts'
import { countSwept, sweepSome } from './sweeps.ts'

export type AdmissionAction = 'allow' | 'deny' | 'restore'

/** What a decision is about. An infohash is lowercase hex: v1 (40), v2 (64) or truncated v2 (40). */
export interface AdmissionSubject {
  kind: 'did' | 'uri' | 'infohash'
  value: string
}

export interface Admission {
  subject: string
  subjectKind: AdmissionSubject['kind']
  action: 'allow' | 'deny'
  reason: string | null
  decidedAt: string
}

/**
 * Writes a decision of the operator, which takes effect at once (invariants 5 and 9): when this resolves, what is denied
 * has disappeared from every interface. A decision on an infohash applies to all infohashes of the content, also those that
 * become known later. Resolves with how many records are shown or hidden by it; if they are more than a few, their flags are
 * updated afterwards (`sweeps.ts`).
 */
export async function decideAdmission(
  db: Db,
  subject: AdmissionSubject,
  decision: { action: AdmissionAction; reason?: string | undefined },
): Promise<number> {
  const { affected, scope, sweeps } = await writing(db, async (tx) => {
    const forms = subject.kind === 'infohash' ? await formsOf(tx, subject.value) : []
    await writeDecision(tx, subject, decision)
    await tx.execute(sql`DELETE FROM local.info_hash_admission WHERE subject = ${subject.value}`)
    if (decision.action !== 'restore')
      for (const form of forms) await writeForm(tx, form, { subject: subject.value, action: decision.action })
    const sweeps =
      subject.kind === 'infohash' ? forms.map((value) => ({ kind: 'infohash' as const, value })) : [subject]
    await noteSweeps(tx, sweeps)
    const scope = scopeOf(subject, forms)
    return { affected: await countUnsettled(tx, scope, fewRecords), scope, sweeps }
  })
  // Many records are counted only after the commit, because until then nothing is hidden.
  const counted = affected < fewRecords ? affected : await countSwept(db, subject, scope, mostCounted)
  // This number is reported until the first batch of the sweep has counted what is left.
  if (affected >= fewRecords) await noteRemaining(db, subject, counted)
  await sweepSome(db, sweeps)
  return Math.max(affected, counted)
}

const fewRecords = 1_000
/** Counting stops at this many records, since the operator waits for the answer. */
const mostCounted = 200_000

async function writeDecision(
  tx: Db,
  { kind, value }: AdmissionSubject,
  { action, reason }: { action: AdmissionAction; reason?: string | undefined },
): Promise<void> {
  if (action === 'restore') {
    await tx.execute(sql`DELETE FROM local.admission WHERE subject = ${value}`)
    return
  }
  await tx.execute(sql`
    INSERT INTO local.admission (subject, subject_kind, action, reason) VALUES (${value}, ${kind}, ${action}, ${reason ?? null})
    ON CONFLICT (subject) DO UPDATE SET subject_kind = excluded.subject_kind, action = excluded.action,
      reason = excluded.reason, decided_at = excluded.decided_at`)
}

/** Newest first, keyset-paged by `decidedAt` and subject. */
export async function listAdmissions(
  db: Db,
  page: { limit: number; before?: { decidedAt: string; subject: string } },
): Promise<Admission[]> {
  const after = page.before
    ? sql`WHERE (decided_at, subject) < (${page.before.decidedAt}::timestamptz, ${page.before.subject})`
    : sql``
  const found = await rows<Admission & Record<string, unknown>>(
    db,
    sql`SELECT subject, subject_kind AS "subjectKind", action, reason, decided_at AS "decidedAt"
        FROM local.admission ${after} ORDER BY decided_at DESC, subject DESC LIMIT ${page.limit}`,
  )
  return found.map((row) => ({ ...row, decidedAt: toInstant(row.decidedAt) }))
}

/** All infohashes of a content, including those that were known at an earlier decision. */
async function formsOf(tx: Db, infoHash: string): Promise<string[]> {
  const decided = await rows<{ form: string }>(
    tx,
    sql`SELECT info_hash AS form FROM local.info_hash_admission WHERE subject = ${infoHash}`,
  )
  return [...new Set([...(await knownForms(tx, infoHash)), ...decided.map(({ form }) => form)])]
}

function scopeOf({ kind, value }: AdmissionSubject, forms: readonly string[]): Scope {
  if (kind === 'did') return { dids: [value] }
  return kind === 'uri' ? { uris: [value] } : { infoHashes: forms }
}
