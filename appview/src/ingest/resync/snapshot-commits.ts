import type { RecordOp, RepoCommit } from '../../catalog/apply-batch.ts'
import { cidKeyToString } from '../cid-key.ts'
import { budgetOf, type Decoder } from '../decoding.ts'
import type { RepoSnapshot, SnapshotRecord } from './read-repo.ts'

/** The most bytes of records in one transaction (a single record may have more); `chunkRecords` limits their number. */
const bytesAtOnce = 4_000_000
const chunkRecords = 500

export interface SnapshotParts {
  readonly did: string
  readonly host: string
  readonly decode: Decoder
  /** The stored CIDs by path; unchanged records are neither decoded nor written. */
  readonly known: ReadonlyMap<string, string>
  readonly admit: (ops: readonly RecordOp[]) => Promise<readonly RecordOp[]>
  /** Resolves when the commit is durable. */
  readonly write: (commit: RepoCommit) => Promise<unknown>
}

/**
 * Writes a whole repository in several commits, so that neither memory nor a transaction grows with it. The last commit says
 * that these were all records, so that others are deleted. Resolves with what was written.
 */
export async function writeSnapshot(
  snapshot: RepoSnapshot,
  parts: SnapshotParts,
): Promise<{ written: number; refused: number }> {
  const { did, host, decode, known, admit, write } = parts
  const budget = budgetOf(2 * snapshot.recordBytes)
  const base = { did, host, rev: snapshot.rev, dataCid: cidKeyToString(snapshot.data) }
  const keep: RecordOp[] = []
  const counts = { written: 0, refused: 0 }
  const writeChunk = async (records: readonly SnapshotRecord[]) => {
    const { ops, release } = await decode(did, records, budget)
    try {
      const admitted = await admit(ops)
      await write({ ...base, ops: admitted, partial: true })
      counts.written += admitted.length
      counts.refused += admitted.filter(({ action }) => action === 'reject').length
    } finally {
      release()
    }
  }
  let chunk: SnapshotRecord[] = []
  let chunkBytes = 0
  for (const record of snapshot.records) {
    keep.push({ action: 'keep', uri: `at://${did}/${record.path}` })
    if (known.get(record.path) === cidKeyToString(record.cid)) continue
    chunk.push(record)
    // A record beyond the budget is refused without being decoded, so it does not count for the transaction.
    if (chunkBytes < budget.left) chunkBytes += record.record?.length ?? 0
    if (chunk.length < chunkRecords && chunkBytes < bytesAtOnce) continue
    await writeChunk(chunk)
    chunk = []
    chunkBytes = 0
  }
  if (chunk.length > 0) await writeChunk(chunk)
  await write({ ...base, ops: keep, complete: true })
  return counts
}
