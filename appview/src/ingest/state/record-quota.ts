import type { RecordOp } from '../../catalog/apply-batch.ts'
import { type RecordUsage, readRecordUsage, readRefusals } from '../../catalog/read/record-counts.ts'
import { createUsageCache } from '../../catalog/read/usage-cache.ts'
import type { Db } from '../../store/sql.ts'

/** Limits the number and the bytes of records of each account and each PDS, so that none can fill the index. */
export interface RecordQuota {
  /** Replaces puts over a quota with refusals that give the reason; far beyond the quota with deletes, so that nothing is stored. */
  admit(author: Author, ops: readonly RecordOp[]): Promise<readonly RecordOp[]>
  /** Sets an account's usage after its records were counted again. */
  set(did: string, usage: RecordUsage): void
}

/** An account, and its PDS as `host:port`. */
export interface Author {
  readonly did: string
  readonly host: string
}

/** How many refusals are stored beyond the quota, so that authors can look up the reason. */
const keptRefusals = 1_000
/** Count again after this share of the quota was added, since updates are first counted like new records. */
const shareToRecount = 0.01

export interface RecordLimits {
  readonly recordsPerAccount: number
  readonly recordsPerHost: number
  readonly recordBytesPerAccount: number
  readonly recordBytesPerHost: number
}

export function createRecordQuota(options: {
  db: Db
  /** Resolves when the store contains everything that was admitted so far. */
  settled: () => Promise<void>
  limits: RecordLimits
  onRefused: (reason: QuotaReason) => void
}): RecordQuota {
  const { db, settled, limits, onRefused } = options
  const taken = createUsageCache({
    read: (owner) => readRecordUsage(db, owner),
    settled,
    recountShare: shareToRecount,
  })
  const kept = createUsageCache({ read: (host) => readRefusals(db, host), settled })

  const allowancesOf = ({ did, host }: Author) => [
    {
      owner: did,
      limit: { records: limits.recordsPerAccount, bytes: limits.recordBytesPerAccount },
      of: 'of one account',
    },
    {
      owner: host,
      limit: { records: limits.recordsPerHost, bytes: limits.recordBytesPerHost },
      of: 'from one server',
    },
  ]
  /** Makes what is stored instead of each op over the quota. */
  const refuse = async (host: string, over: readonly Taking[], refusal: Refusal) => {
    for (const _ of over) onRefused(refusal.reason)
    const allowance = { owner: host, limit: { refusals: keptRefusals } }
    const { admitted } = await kept.admit(
      [allowance],
      over.map(() => ({ refusals: 1 })),
    )
    return new Map<RecordOp, RecordOp>(
      over.map((op, i) => [op, i < admitted ? refusalOf(op, refusal) : { action: 'delete', uri: op.uri }]),
    )
  }
  return {
    set: (did, usage) => taken.set(did, usage),
    async admit(author, ops) {
      const taking = ops.filter((op) => op.action === 'put' || op.action === 'reject')
      if (taking.length === 0) return ops
      const { admitted, refused } = await taken.admit(allowancesOf(author), taking.map(usageOf))
      if (!refused) return ops
      const instead = await refuse(author.host, taking.slice(admitted), toRefusal(refused))
      return ops.map((op) => instead.get(op) ?? op)
    },
  }
}

/** An op that may add a record. */
type Taking = Extract<RecordOp, { cid: string }>
type QuotaReason = 'quota-records' | 'quota-bytes'
interface Refusal {
  readonly reason: QuotaReason
  readonly detail: string
}

function usageOf(op: Taking): RecordUsage {
  return { records: 1, bytes: op.action === 'put' ? (op.sizeBytes ?? 0) : 0 }
}

function toRefusal({
  allowance: { limit, of },
  measure,
}: {
  allowance: { limit: RecordUsage; of: string }
  measure: 'records' | 'bytes'
}): Refusal {
  const what = measure === 'records' ? 'records' : 'bytes of records'
  return { reason: `quota-${measure}`, detail: `this index takes ${limit[measure]} ${what} ${of}` }
}

function refusalOf({ uri, kind, cid }: Taking, refusal: Refusal): RecordOp {
  return { action: 'reject', uri, kind, cid, ...refusal }
}
