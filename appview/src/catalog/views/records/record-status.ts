import type { getRecordStatus } from '@holdfast/lexicons'
import { sql } from 'drizzle-orm'
import { type Db, rows, toInstant } from '../../sql.ts'
import { toWarnings } from './record-warnings.ts'
import { hiddenReason, type StandingRow, standingJson } from './standing.ts'

export type RecordStatusView = getRecordStatus.$OutputBody

/** Where a record stands with this index, and why; for an AT-URI with a DID as its authority, seen or not. */
export async function readRecordStatus(db: Db, uri: string): Promise<RecordStatusView> {
  const [row] = await rows<StatusRow>(
    db,
    sql`
    SELECT r.cid, r.reason, r.reason_detail AS detail, r.warnings, r.visible, r.indexed_at AS "indexedAt",
      t.metainfo_status AS "metainfoStatus", t.tries, t.next_try_at AS "nextTryAt", t.error,
      ${standingJson({ did: sql`r.did`, uri: sql`r.uri` })} AS standing
    FROM catalog.record r LEFT JOIN catalog.torrent t USING (id) WHERE r.uri = ${uri}`,
  )
  if (!row) return unknown(db, uri)
  return {
    uri: uri as RecordStatusView['uri'],
    cid: row.cid,
    ...verdict(row),
    warnings: toWarnings(row.warnings),
    indexedAt: instant(row.indexedAt),
    ...(row.metainfoStatus && { metainfoStatus: row.metainfoStatus }),
    ...(row.tries && { attempts: row.tries }),
    ...(row.nextTryAt && { nextAttemptAt: instant(row.nextTryAt) }),
  }
}

interface StatusRow extends Record<string, unknown> {
  cid: string
  reason: string | null
  detail: string | null
  warnings: string[]
  visible: boolean
  indexedAt: string
  metainfoStatus: string | null
  tries: number | null
  nextTryAt: string | null
  error: string | null
  standing: StandingRow
}

type Verdict = Pick<RecordStatusView, 'status' | 'reason' | 'message'>

function verdict(row: StatusRow): Verdict {
  if (row.reason !== null)
    return { status: 'rejected', reason: row.reason, message: join(row.detail, advice[row.reason]) }
  if (!row.visible) {
    const reason = hiddenReason(row.standing)
    const status = reason === 'awaiting-review' ? reason : 'hidden'
    return { status, reason, message: join(row.standing.denialReason, advice[reason]) }
  }
  if (row.metainfoStatus === 'pending') {
    return {
      status: 'pending',
      message: join(
        row.error,
        'The .torrent file is being fetched from the author’s PDS; the record is listed already.',
      ),
    }
  }
  return { status: 'indexed' }
}

/** Nothing is held under this URI; what is known of its account may say why. */
async function unknown(db: Db, uri: string): Promise<RecordStatusView> {
  const did = uri.split('/')[2] ?? ''
  const [row] = await rows<{
    active: boolean | null
    status: string | null
    state: string | null
    error: string | null
  }>(
    db,
    sql`SELECT a.active, a.status, p.state, p.error FROM (SELECT) AS one
        LEFT JOIN catalog.account a ON a.did = ${did} LEFT JOIN catalog.repo p ON p.did = ${did}`,
  )
  const about = { uri: uri as RecordStatusView['uri'], warnings: [] }
  if (row?.active === false && row.status === 'deleted')
    return { ...about, status: 'unknown', reason: 'account-deleted', message: advice['account-deleted']! }
  if (row?.state === 'desynchronized' || row?.state === 'in-progress')
    return {
      ...about,
      status: 'unknown',
      message: join(row.error, 'The account’s repository is being read anew; ask again in a while.'),
    }
  return {
    ...about,
    status: 'unknown',
    message:
      'This server has not seen the record. If it was written just now, ask again in a moment; else see whether its account’s PDS is reachable from a source of this server.',
  }
}

/** What the author can do. */
const advice: Readonly<Record<string, string>> = {
  'invalid-lexicon': 'Correct the field and put the record again.',
  'invalid-record-key': 'Put the record again under a key that its collection allows.',
  'record-too-large': 'Move long text into a blob and put the record again.',
  'metainfo-absent': 'Upload the .torrent file as a blob and name it in the record.',
  'metainfo-unavailable': 'See that the blob is on the account’s PDS, then put the record again.',
  'metainfo-too-large': 'Make the torrent with larger pieces, or split it.',
  'metainfo-invalid': 'Make the .torrent file anew and put the record again.',
  'metainfo-cid-mismatch': 'The PDS serves other bytes than the record names; upload the blob again.',
  'infohash-mismatch': 'Correct the record’s infohash, or upload the .torrent file that has it.',
  'quota-records':
    'There are more records of the account or its server than this server takes; ask its operator.',
  'quota-files':
    'The torrents of the account or its server list more files than this server takes; ask its operator.',
  'quota-blobs':
    'The metainfo of the account or its server is larger than what this server takes; ask its operator.',
  'denied-account':
    'The operator of this server denied the account; see describeServer for whom to write to.',
  'denied-record': 'The operator of this server denied the record; see describeServer for whom to write to.',
  'denied-content':
    'The operator of this server denied the content under all its infohashes; see describeServer for whom to write to.',
  'account-deactivated': 'The account is deactivated; its records are shown again when it is active.',
  'account-suspended': 'The account is suspended by its host.',
  'account-takendown': 'The account is taken down by its host.',
  'account-deleted': 'The account is deleted; nothing of it is kept.',
  'account-inactive': 'The account is not active.',
  'awaiting-review': 'The operator of this server has not let the record in yet.',
}

function join(...sentences: (string | null | undefined)[]): string {
  return sentences
    .flatMap((sentence) => (sentence ? [/[.!?]$/.test(sentence) ? sentence : `${sentence}.`] : []))
    .join(' ')
    .slice(0, 5_000)
}

function instant(text: string): NonNullable<RecordStatusView['indexedAt']> {
  return toInstant(text) as NonNullable<RecordStatusView['indexedAt']>
}
