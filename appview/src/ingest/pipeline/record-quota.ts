import type { RecordOp } from '../../catalog/ingest-writes.ts'
import { countHostRecords, countRecords } from '../../catalog/record-counts.ts'
import type { Db } from '../../catalog/sql.ts'
import { createTally } from './tally.ts'

/** Holds each account, and each PDS, to a number of records, so that none can fill the index. */
export type RecordQuota = {
  /** Replaces the puts that are over a quota by refusals with their reason; far beyond it, nothing is kept of them at all. */
  admit(author: Author, ops: readonly RecordOp[]): Promise<readonly RecordOp[]>
  /** The account's records were counted anew. */
  set(did: string, count: number): void
}

/** An account, and its PDS as `host:port`. */
export type Author = { readonly did: string; readonly host: string }

/** Refusals are rows too: so many are kept beyond the quota for authors to ask about. */
const KEPT_REFUSALS = 1_000

export function createRecordQuota(options: {
  db: Db
  recordsPerAccount: number
  recordsPerHost: number
  onRefused: () => void
}): RecordQuota {
  const { db, recordsPerAccount, recordsPerHost, onRefused } = options
  const ofAccount = createTally({ limit: recordsPerAccount, read: (did) => countRecords(db, did) })
  const ofHost = createTally({ limit: recordsPerHost, read: (host) => countHostRecords(db, host) })
  const refusals = createTally({ limit: KEPT_REFUSALS, read: async () => 0 })

  const whyNot = async ({ did, host }: Author): Promise<string | undefined> => {
    if (!(await ofAccount.add(did))) return `this index takes ${recordsPerAccount} records of one account`
    if (!(await ofHost.add(host))) return `this index takes ${recordsPerHost} records from one server`
    return undefined
  }
  return {
    set: ofAccount.set,
    async admit(author, ops) {
      const admitted: RecordOp[] = []
      for (const op of ops) {
        const detail = op.action === 'delete' || op.action === 'keep' ? undefined : await whyNot(author)
        if (detail === undefined || op.action === 'delete' || op.action === 'keep') {
          admitted.push(op)
          continue
        }
        onRefused()
        if (!(await refusals.add(author.host))) continue
        const { uri, kind, cid } = op
        admitted.push({ action: 'reject', uri, kind, cid, reason: 'quota-records', detail })
      }
      return admitted
    },
  }
}
