import { sql } from 'drizzle-orm'
import { anyOf, type Db, rows, toInstant } from '../sql.ts'
import { refreshVisibility, type Scope } from '../visibility.ts'

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
 * Writes the operator's word and makes it true everywhere in the same transaction (invariants 5 and 9).
 * For an infohash it holds for all names of the content, known now or learnt later. Resolves with how many
 * records came into or went out of view.
 */
export async function decideAdmission(
  db: Db,
  subject: AdmissionSubject,
  decision: { action: AdmissionAction; reason?: string | undefined },
): Promise<number> {
  return db.transaction(async (tx) => {
    const scope = await scopeOf(tx, subject)
    await tx.execute(sql`DELETE FROM local.admission WHERE subject = ${subject.value}`)
    await tx.execute(sql`DELETE FROM local.info_hash_admission WHERE subject = ${subject.value}`)
    if (decision.action !== 'restore') {
      await tx.execute(sql`
        INSERT INTO local.admission (subject, subject_kind, action, reason)
        VALUES (${subject.value}, ${subject.kind}, ${decision.action}, ${decision.reason ?? null})`)
      if (subject.kind === 'infohash') await decideForms(tx, subject.value, decision.action)
    }
    return refreshVisibility(tx, scope)
  })
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

/** Verified metainfo taught us more names of contents: whatever was decided on one name of a content holds for all. */
export async function extendAdmissions(tx: Db, contents: readonly (readonly string[])[]): Promise<void> {
  const forms = contents.map(allForms)
  const decided = await rows<{ form: string; subject: string; action: 'allow' | 'deny' }>(
    tx,
    sql`SELECT info_hash AS form, subject, action FROM local.info_hash_admission
        WHERE info_hash = ${anyOf(forms.flat())} ORDER BY action DESC`,
  )
  if (decided.length === 0) return
  for (const own of forms) {
    // Where two decisions meet, the denial wins: 'deny' sorts after 'allow'.
    const winner = decided.find(({ form }) => own.includes(form))
    if (winner) for (const form of own) await writeForm(tx, form, winner)
  }
}

async function scopeOf(tx: Db, subject: AdmissionSubject): Promise<Scope> {
  if (subject.kind === 'did') return { dids: [subject.value] }
  if (subject.kind === 'infohash') return { infoHashes: await knownForms(tx, subject.value) }
  const found = await rows<{ id: number }>(
    tx,
    sql`SELECT id FROM catalog.record WHERE uri = ${subject.value}`,
  )
  return { ids: found.map((row) => row.id) }
}

async function decideForms(tx: Db, subject: string, action: 'allow' | 'deny'): Promise<void> {
  for (const form of await knownForms(tx, subject)) await writeForm(tx, form, { subject, action })
}

async function writeForm(
  tx: Db,
  form: string,
  decision: { subject: string; action: 'allow' | 'deny' },
): Promise<void> {
  await tx.execute(sql`
    INSERT INTO local.info_hash_admission (info_hash, subject, action)
    VALUES (${form}, ${decision.subject}, ${decision.action})
    ON CONFLICT (info_hash) DO UPDATE SET subject = excluded.subject, action = excluded.action`)
}

/** Every name of the content that this infohash names, as far as verified metainfo tells. */
async function knownForms(tx: Db, infoHash: string): Promise<string[]> {
  const found = await rows<{ v1: string | null; v2: string | null }>(
    tx,
    sql`SELECT info_hash_v1 AS v1, info_hash_v2 AS v2 FROM catalog.content
        WHERE info_hash_v1 = ${infoHash} OR info_hash_v2 = ${infoHash} OR left(info_hash_v2, 40) = ${infoHash}`,
  )
  return allForms([infoHash, ...found.flatMap((row) => [row.v1, row.v2]).filter((hash) => hash !== null)])
}

function allForms(infoHashes: readonly string[]): string[] {
  return [...new Set(infoHashes.flatMap((hash) => (hash.length === 64 ? [hash, hash.slice(0, 40)] : [hash])))]
}
