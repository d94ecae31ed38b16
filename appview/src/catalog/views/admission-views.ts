/** The operator's decisions, and what waits for one, for the operator's own lists. */
import type { defs } from '@holdfast/lexicons'
import { type SQL, sql } from 'drizzle-orm'
import { decodeCursor, encodeCursor } from '../../store/page-cursor.ts'
import { type Db, rows, toInstant } from '../../store/sql.ts'
import type { AdmissionSubject } from '../decisions.ts'
import type { Page } from './records/listings.ts'

export type AdmissionKind = 'account' | 'record' | 'content'

export interface AdmissionPage {
  admissions: defs.AdmissionView[]
  cursor?: string
}

interface AdmissionRow extends Record<string, unknown> {
  subject: string
  subjectKind: AdmissionSubject['kind']
  action: 'allow' | 'deny' | null
  reason: string | null
  /** The instant in PostgreSQL's text, for the cursor. */
  at: string
  title: string | null
  v1: string | null
  v2: string | null
}

/** What the lexicons call a kind of subject. */
export const subjectKindNames = { did: 'account', uri: 'record', infohash: 'content' } as const
const subjectKinds = { account: 'did', record: 'uri', content: 'infohash' } as const

/** Reads decisions, latest first. @throws InvalidCursorError */
export async function listDecided(
  db: Db,
  page: Page & { kind?: AdmissionKind | undefined; state?: string | undefined },
): Promise<AdmissionPage> {
  const wantedAction = page.state === undefined ? undefined : page.state === 'allowed' ? 'allow' : 'deny'
  const decided = sql`(SELECT subject, subject_kind, action, reason, decided_at AS at FROM local.admission
    WHERE true ${wantedAction ? sql`AND action = ${wantedAction}` : sql``}
    ${page.kind ? sql`AND subject_kind = ${subjectKinds[page.kind]}` : sql``})`
  return readPage(db, decided, { ...page, listing: 'admissions' })
}

/** Reads what the policy hides until the operator decides, latest first. @throws InvalidCursorError */
export async function listAwaiting(
  db: Db,
  page: Page & { kind?: AdmissionKind | undefined },
): Promise<AdmissionPage> {
  const waiting = sql`(
    SELECT r.id, r.uri, r.did, r.kind, r.indexed_at FROM catalog.record r LEFT JOIN catalog.account a USING (did)
    WHERE NOT r.visible AND r.reason IS NULL AND coalesce(a.active, true)
      AND NOT EXISTS (SELECT FROM local.admission m WHERE m.action = 'deny' AND m.subject IN (r.did, r.uri)))`
  const kind = page.kind ?? 'record'
  const subjects = {
    account: sql`(SELECT did AS subject, 'did' AS subject_kind, NULL AS action, NULL AS reason, max(indexed_at) AS at
      FROM ${waiting} AS w GROUP BY did)`,
    record: sql`(SELECT uri AS subject, 'uri' AS subject_kind, NULL AS action, NULL AS reason, indexed_at AS at FROM ${waiting} AS w)`,
    content: sql`(SELECT coalesce(t.info_hash_v2, t.info_hash_v1) AS subject, 'infohash' AS subject_kind, NULL AS action,
      NULL AS reason, max(w.indexed_at) AS at FROM ${waiting} AS w JOIN catalog.torrent t USING (id) GROUP BY 1)`,
  }
  return readPage(db, subjects[kind], { ...page, listing: `awaiting ${kind}` })
}

/** Reads the decision on one subject; its state is `awaiting-review` when there is none. */
export async function readAdmission(db: Db, subject: AdmissionSubject): Promise<defs.AdmissionView> {
  const one = sql`(SELECT ${subject.value}::text AS subject, ${subject.kind}::text AS subject_kind, m.action, m.reason,
    coalesce(m.decided_at, now()) AS at FROM (SELECT) AS one LEFT JOIN local.admission m ON m.subject = ${subject.value})`
  const { admissions } = await readPage(db, one, { limit: 1, listing: 'one' })
  return admissions[0]!
}

async function readPage(db: Db, subjects: SQL, page: Page & { listing: string }): Promise<AdmissionPage> {
  const [at, last] =
    page.cursor === undefined ? [] : decodeCursor(page.listing, page.cursor, ['instant', 'string'])
  const found = await rows<AdmissionRow>(
    db,
    sql`
    SELECT s.subject, s.subject_kind AS "subjectKind", s.action, s.reason, s.at::text AS at,
      coalesce(r.value ->> 'title', r.value ->> 'name', c.name, p.display_name) AS title,
      c.info_hash_v1 AS v1, c.info_hash_v2 AS v2
    FROM ${subjects} AS s
    LEFT JOIN catalog.record r ON s.subject_kind = 'uri' AND r.uri = s.subject
    LEFT JOIN catalog.profile p ON s.subject_kind = 'did' AND p.did = s.subject
    LEFT JOIN LATERAL (
      SELECT name, info_hash_v1, info_hash_v2 FROM catalog.content
      WHERE s.subject_kind = 'infohash'
        AND (info_hash_v1 = s.subject OR info_hash_v2 = s.subject OR left(info_hash_v2, 40) = s.subject) LIMIT 1) AS c ON true
    ${at === undefined ? sql`` : sql`WHERE (s.at, s.subject) < (${at}::timestamptz, ${last})`}
    ORDER BY s.at DESC, s.subject DESC LIMIT ${page.limit + 1}`,
  )
  const shown = found.slice(0, page.limit)
  const end = shown.at(-1)
  return {
    admissions: shown.map(toAdmissionView),
    ...(found.length > page.limit && end && { cursor: encodeCursor(page.listing, [end.at, end.subject]) }),
  }
}

function toAdmissionView(row: AdmissionRow): defs.AdmissionView {
  return {
    subject: row.subject,
    kind: subjectKindNames[row.subjectKind],
    state: row.action === 'allow' ? 'allowed' : row.action === 'deny' ? 'denied' : 'awaiting-review',
    ...(row.reason && { reason: row.reason }),
    ...(row.subjectKind === 'infohash' && { infoHashes: [formsOf(row)] }),
    updatedAt: toInstant(row.at) as defs.AdmissionView['updatedAt'],
    ...(row.title && { title: row.title.slice(0, 1_000) }),
  }
}

function formsOf({ subject, v1, v2 }: AdmissionRow): { infoHashV1?: string; infoHashV2?: string } {
  const known = { ...(v1 && { infoHashV1: v1 }), ...(v2 && { infoHashV2: v2 }) }
  if (v1 || v2) return known
  return subject.length === 64 ? { infoHashV2: subject } : { infoHashV1: subject }
}
