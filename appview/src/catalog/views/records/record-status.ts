import type { getRecordStatus } from '@holdfast/lexicons'
import { sql } from 'drizzle-orm'
import { type Db, rows, toInstant } from '../../../store/sql.ts'
import { shown } from '../../shown.ts'
import { isTooLarge } from '../../too-large-repos.ts'
import { toWarnings } from './record-warnings.ts'
import { hiddenReason, type StandingRow, standingJson } from './standing.ts'

export type RecordStatusView = getRecordStatus.$OutputBody

/** What this index has done with a record, and why. The AT-URI must have a DID as its authority; the record need not be known. */
export async function readRecordStatus(db: Db, uri: string): Promise<RecordStatusView> {
  const [row] = await rows<StatusRow>(
    db,
    sql`
    SELECT r.cid, r.reason, r.reason_detail AS detail, r.warnings, ${shown('r')} AS visible, r.indexed_at AS "indexedAt",
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

/** The status of a record that is not stored here; the state of its account may say why. */
async function unknown(db: Db, uri: string): Promise<RecordStatusView> {
  const did = uri.split('/')[2] ?? ''
  const [row] = await rows<{
    active: boolean | null
    status: string | null
    state: string | null
    error: string | null
    isTooLarge: boolean
    wasHere: boolean
  }>(
    db,
    sql`SELECT a.active, a.status, p.state, p.error, ${isTooLarge('p')} AS "isTooLarge",
          EXISTS (SELECT FROM local.first_seen f WHERE f.uri = ${uri}) AS "wasHere" FROM (SELECT) AS one
        LEFT JOIN catalog.account a ON a.did = ${did} LEFT JOIN catalog.repo p ON p.did = ${did}`,
  )
  const about = { uri: uri as RecordStatusView['uri'], warnings: [] }
  if (row?.active === false && row.status === 'deleted')
    return { ...about, status: 'unknown', reason: 'account-deleted', message: advice['account-deleted']! }
  if (row?.state === 'desynchronized' || row?.state === 'in-progress')
    return {
      ...about,
      status: 'unknown',
      message: join(
        row.error,
        row.isTooLarge
          ? 'The account’s whole repository has to be read, and is too large for this server; it is tried again within a day after the account’s next change.'
          : 'The account’s whole repository is being read again; check again in a while.',
      ),
    }
  if (row?.wasHere && row.state === 'synchronized')
    return { ...about, status: 'unknown', reason: 'record-deleted', message: advice['record-deleted']! }
  return {
    ...about,
    status: 'unknown',
    message:
      'This server has not seen the record. If it was written just now, check again in a moment; otherwise check whether a source of this server follows its account’s PDS.',
  }
}

/** What the author can do, by reason. */
const advice: Readonly<Record<string, string>> = {
  'invalid-lexicon': 'Correct the field and write the record again.',
  'invalid-record-key': 'Write the record again under a key that its collection allows.',
  'record-too-large': 'Move long text into a blob and write the record again.',
  unstorable:
    'Shorten unusually long values, leave out fields that no lexicon defines, and write the record again.',
  'metainfo-absent': 'Upload the .torrent file as a blob and name it in the record.',
  'metainfo-unavailable': 'Make sure that the blob is on the account’s PDS, then write the record again.',
  'metainfo-too-large': 'Make the torrent with larger pieces or shorter paths, or split it.',
  'metainfo-invalid': 'Make a new .torrent file and write the record again.',
  'metainfo-unprocessable':
    'This server tried several times and could not check or store the .torrent; make it simpler or split it, and write the record again.',
  'metainfo-cid-mismatch': 'The PDS serves other bytes than the record names; upload the blob again.',
  'infohash-mismatch': 'Correct the record’s infohash, or upload the .torrent file that has it.',
  'quota-records':
    'The account, or the PDS it is on, has more records than this server accepts; ask the operator of this server.',
  'quota-bytes':
    'The records take more space than this server gives to one commit, account or PDS; split them up, or ask the operator of this server.',
  'quota-files':
    'The torrents of the account, or of the PDS it is on, list more files than this server accepts; ask the operator of this server.',
  'quota-blobs':
    'The metainfo of the account, or of the PDS it is on, is larger than this server accepts; ask the operator of this server.',
  'denied-account': 'The operator of this server denied the account; describeServer says whom to contact.',
  'denied-record': 'The operator of this server denied the record; describeServer says whom to contact.',
  'denied-content':
    'The operator of this server denied the content under all its infohashes; describeServer says whom to contact.',
  'account-deactivated': 'The account is deactivated; its records are shown again when it is active.',
  'account-suspended': 'The account is suspended by its host.',
  'account-takendown': 'The account was taken down by its host.',
  'account-deleted': 'The account was deleted, and so were its records here.',
  'record-deleted': 'This server had the record, and its repository no longer has it: its author deleted it.',
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
