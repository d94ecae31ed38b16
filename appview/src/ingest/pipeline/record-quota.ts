import type { RecordOp } from '../../catalog/ingest-writes.ts'
import { readRecordUsage, readRefusals } from '../../catalog/reads/record-counts.ts'
import { createUsageCache } from '../../catalog/reads/usage-cache.ts'
import type { Db } from '../../catalog/sql.ts'

/** Holds each account, and each PDS, to a number of records, so that none can fill the index. */
export type RecordQuota = {
  /** Replaces the puts that are over a quota by refusals with their reason; far beyond it by deletes, so that nothing is kept. */
  admit(author: Author, ops: readonly RecordOp[]): Promise<readonly RecordOp[]>
  /** The account's records were counted anew. */
  set(did: string, count: number): void
}

/** An account, and its PDS as `host:port`. */
export type Author = { readonly did: string; readonly host: string }

/** Refusals are rows too: so many are kept beyond the quota for authors to ask about. */
const KEPT_REFUSALS = 1_000
/** Updates are counted like new records, so after some of them a new count may find room. */
const RECOUNT_SHARE = 0.01

export function createRecordQuota(options: {
  db: Db
  /** Resolves when the store holds what was admitted and handed over so far. */
  settled: () => Promise<void>
  recordsPerAccount: number
  recordsPerHost: number
  onRefused: () => void
}): RecordQuota {
  const { db, settled, recordsPerAccount, recordsPerHost, onRefused } = options
  const taken = createUsageCache({
    read: (owner) => readRecordUsage(db, owner),
    settled,
    recountShare: RECOUNT_SHARE,
  })
  const kept = createUsageCache({ read: (host) => readRefusals(db, host), settled })

  const allowancesOf = ({ did, host }: Author) => [
    { owner: did, limit: { records: recordsPerAccount }, of: 'of one account' },
    { owner: host, limit: { records: recordsPerHost }, of: 'from one server' },
  ]
  /** What is kept in the place of each. */
  const refuse = async (host: string, over: readonly Taking[], detail: string) => {
    for (const _ of over) onRefused()
    const allowance = { owner: host, limit: { refusals: KEPT_REFUSALS } }
    const { admitted } = await kept.admit([allowance], { refusals: 1 }, over.length)
    return new Map<RecordOp, RecordOp>(
      over.map((op, i) => [op, i < admitted ? refusalOf(op, detail) : { action: 'delete', uri: op.uri }]),
    )
  }
  return {
    set: (did, records) => taken.set(did, { records }),
    async admit(author, ops) {
      const taking = ops.filter((op) => op.action === 'put' || op.action === 'reject')
      if (taking.length === 0) return ops
      const { admitted, refused } = await taken.admit(allowancesOf(author), { records: 1 }, taking.length)
      if (!refused) return ops
      const { limit, of } = refused.allowance
      const detail = `this index takes ${limit.records} records ${of}`
      const instead = await refuse(author.host, taking.slice(admitted), detail)
      return ops.map((op) => instead.get(op) ?? op)
    },
  }
}

/** An op that adds a record, or may. */
type Taking = Extract<RecordOp, { cid: string }>

function refusalOf({ uri, kind, cid }: Taking, detail: string): RecordOp {
  return { action: 'reject', uri, kind, cid, reason: 'quota-records', detail }
}
