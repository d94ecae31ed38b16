/** Why a record is hidden: because of its account, by a decision of the operator, or because it was not let in yet. */
import { type SQL, sql } from 'drizzle-orm'

export interface StandingRow {
  active: boolean | null
  accountStatus: string | null
  accountAction: string | null
  recordAction: string | null
  contentDenied: boolean | null
  /** The operator's reason for the decision that hides the record. */
  denialReason: string | null
}

/** A {@link StandingRow} as JSON for a record named by these expressions; `t` is its torrent row, if it is one. */
export function standingJson(record: { did: SQL; uri: SQL }): SQL {
  return sql`(
    SELECT jsonb_build_object('active', a.active, 'accountStatus', a.status, 'accountAction', ad.action,
      'recordAction', ar.action, 'contentDenied', h.denied,
      'denialReason', coalesce(CASE WHEN ad.action = 'deny' THEN ad.reason END,
        CASE WHEN ar.action = 'deny' THEN ar.reason END, h.reason))
    FROM (SELECT) AS one LEFT JOIN catalog.account a ON a.did = ${record.did}
    LEFT JOIN local.admission ad ON ad.subject = ${record.did}
    LEFT JOIN local.admission ar ON ar.subject = ${record.uri}
    LEFT JOIN LATERAL (
      SELECT true AS denied, max(m.reason) AS reason FROM local.info_hash_admission i
      LEFT JOIN local.admission m ON m.subject = i.subject
      WHERE i.action = 'deny' AND i.info_hash IN (t.info_hash_v1, t.info_hash_v2, left(t.info_hash_v2, 40))
      HAVING count(*) > 0
    ) AS h ON true)`
}

/** The `hiddenReason` of a valid record that is not visible. */
export function hiddenReason(row: StandingRow): string {
  if (row.active === false) {
    const known = ['deactivated', 'suspended', 'takendown', 'deleted']
    return known.includes(row.accountStatus ?? '') ? `account-${row.accountStatus}` : 'account-inactive'
  }
  if (row.accountAction === 'deny') return 'denied-account'
  if (row.recordAction === 'deny') return 'denied-record'
  if (row.contentDenied) return 'denied-content'
  return 'awaiting-review'
}
