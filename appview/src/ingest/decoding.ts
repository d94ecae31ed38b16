import type { RecordOp } from '../catalog/apply-batch.ts'
import type { Semaphore } from '../runtime/semaphore.ts'
import { createTurns } from '../threads/turns.ts'
import { type PlannedRecord, type ProvedChange, planRecord, type RecordVerdict } from './record-op.ts'
import type { RejectReason } from './reject-reason.ts'
import type { Wanted } from './wanted.ts'

/**
 * Turns proved changes into the ops that the catalog writes, within limits: on the bytes of the records of one commit or
 * repository, on the memory that decoded records take until they are written, and on the time without giving way to the
 * event loop.
 */
export type Decoder = (did: string, changes: readonly ProvedChange[], budget: ByteBudget) => Promise<Decoded>

export interface Decoded {
  readonly ops: readonly RecordOp[]
  /** Frees the memory of the limit, once the ops are written. */
  release(): void
}

/**
 * The bytes that the records of one commit or repository may have. A block counts each time that it is named, because each
 * time gives a row. An honest repository names few blocks twice, so twice the bytes that were sent is enough.
 */
export interface ByteBudget {
  left: number
}

export const maxDecodedBytes = 96_000_000
const spareBytes = 4_000_000

/** Makes the budget of a commit or repository that was sent in `sentBytes` bytes. */
export function budgetOf(sentBytes: number): ByteBudget {
  return { left: sentBytes + spareBytes }
}

/** Makes a decoder. `memory` limits the bytes of decoded records, for all decoders together. */
export function createDecoder(parts: {
  wanted: Wanted
  memory: Semaphore
  onReject: (reason: RejectReason) => void
}): Decoder {
  const { wanted, memory, onReject } = parts
  return async (did, changes, budget) => {
    const turns = createTurns()
    const plans: (RecordOp | PlannedRecord)[] = []
    let memoryBytes = 0
    for (const change of changes) {
      const plan = planRecord(did, change, wanted)
      const within = plan && withinBudget(plan, budget)
      if (within) plans.push(within)
      if (within && 'decide' in within) memoryBytes += within.memoryBytes
      await turns.pass()
    }
    await memory.enter(memoryBytes)
    const known = new Map<string, RecordVerdict>()
    const ops: RecordOp[] = []
    for (const plan of plans) {
      const op = 'decide' in plan ? plan.decide(known) : plan
      if (op.action === 'reject') onReject(op.reason as RejectReason)
      ops.push(op)
      await turns.pass()
    }
    return { ops, release: () => memory.leave(memoryBytes) }
  }
}

function withinBudget(plan: RecordOp | PlannedRecord, budget: ByteBudget): RecordOp | PlannedRecord {
  if (!('decide' in plan)) return plan
  budget.left -= plan.bytes.length
  if (budget.left >= 0) return plan
  return plan.reject('quota-bytes', 'one record stands under too many keys')
}
