import type { RecordOp } from '../../catalog/ingest-writes.ts'
import { countRecords } from '../../catalog/record-counts.ts'
import type { Db } from '../../catalog/sql.ts'

/** Holds each account to a number of records, so that one cannot fill the index; what is over is refused with a reason. */
export type RecordQuota = {
  /** Replaces the puts that are over the account's quota by refusals; far beyond it, nothing is kept of them at all. */
  admit(did: string, ops: readonly RecordOp[]): Promise<readonly RecordOp[]>
  /** The account's records were counted anew. */
  set(did: string, count: number): void
}

/** Refusals are rows too: so many are kept beyond the quota for authors to ask about. */
const KEPT_REFUSALS = 1_000

export function createRecordQuota(options: {
  db: Db
  recordsPerAccount: number
  onRefused: () => void
  capacity?: number
}): RecordQuota {
  const { recordsPerAccount, capacity = 100_000 } = options
  const counts = new Map<string, number>()
  const keep = (did: string, count: number) => {
    counts.delete(did)
    counts.set(did, count)
    if (counts.size > capacity) counts.delete(counts.keys().next().value!)
  }
  return {
    set: keep,
    async admit(did, ops) {
      if (!ops.some((op) => op.action !== 'delete')) return ops
      let count = counts.get(did) ?? (await countRecords(options.db, did))
      const admitted = ops.flatMap((op): RecordOp[] => {
        if (op.action === 'delete' || op.action === 'keep') return [op]
        count++
        if (count <= recordsPerAccount) return [op]
        options.onRefused()
        if (count > recordsPerAccount + KEPT_REFUSALS) return []
        const detail = `this index takes ${recordsPerAccount} records of one account`
        return [
          { action: 'reject', uri: op.uri, kind: op.kind, cid: op.cid, reason: 'quota-records', detail },
        ]
      })
      // Updates and deletes make this an overestimate, which the next exact count corrects before it refuses.
      if (count > recordsPerAccount) counts.delete(did)
      else keep(did, count)
      return admitted
    },
  }
}
