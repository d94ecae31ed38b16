import type { AccountUpdate } from '../../catalog/accounts.ts'
import type { Batch, RecordOp, RepoCommit, RepoStateUpdate } from '../../catalog/apply-batch.ts'
import { errorCode } from '../../store/error-code.ts'

/** What one event writes, in one transaction with the cursors that it moves. */
export interface Entry {
  readonly commit?: RepoCommit
  readonly account?: AccountUpdate
  readonly repoState?: RepoStateUpdate
}

/** Writes a batch. Rejects without having written anything when the store refuses its data. */
export type TryBatch = (batch: Batch) => Promise<void>

/** The most refused records of one commit that are found one by one; more would take too many transactions. */
const maxRefusedSingly = 50

/**
 * Writes entries of a batch that the store refused. It halves the batch until everything acceptable is written and the
 * records that the store refuses are alone; those are then stored as refused. All other records of the same commits are
 * written. `onRefused` is called with each cause and its account.
 */
export async function writeOrRefuse(
  entries: readonly Entry[],
  tryBatch: TryBatch,
  onRefused: (cause: unknown, did: string | undefined) => void,
): Promise<void> {
  if (entries.length === 0) return
  if (entries.length === 1) return writeOneOrRefuse(entries[0]!, tryBatch, onRefused)
  const middle = entries.length >> 1
  for (const half of [entries.slice(0, middle), entries.slice(middle)]) {
    try {
      await tryBatch(toBatch(half, []))
    } catch {
      await writeOrRefuse(half, tryBatch, onRefused)
    }
  }
}

/** Makes the batch of one transaction. */
export function toBatch(entries: readonly Entry[], cursors: NonNullable<Batch['cursors']>): Batch {
  return {
    commits: entries.flatMap(({ commit }) => commit ?? []),
    accounts: entries.flatMap(({ account }) => account ?? []),
    repoStates: entries.flatMap(({ repoState }) => repoState ?? []),
    cursors,
  }
}

async function writeOneOrRefuse(
  { commit, account, repoState }: Entry,
  tryBatch: TryBatch,
  onRefused: (cause: unknown, did: string | undefined) => void,
): Promise<void> {
  const parts: Batch[] = [
    ...(account ? [{ accounts: [account] }] : []),
    ...(commit ? [{ commits: [commit] }] : []),
    ...(repoState ? [{ repoStates: [repoState] }] : []),
  ]
  for (const part of parts) {
    try {
      await tryBatch(part)
    } catch (cause) {
      const did = (commit ?? account ?? repoState)?.did
      if (part.commits && commit) await writeRecordsOrRefuse(commit, tryBatch, (why) => onRefused(why, did))
      else onRefused(cause, did)
    }
  }
}

/** Writes the records of a commit by halves, and finally the repository's new state. */
async function writeRecordsOrRefuse(
  commit: RepoCommit,
  tryBatch: TryBatch,
  onRefused: (cause: unknown) => void,
): Promise<void> {
  let refused = 0
  const write = (ops: readonly RecordOp[]) =>
    tryBatch({ commits: [{ ...commit, ops, complete: false, partial: true }] })
  const refuse = async (ops: readonly RecordOp[], cause: unknown) => {
    refused += ops.length
    onRefused(cause)
    await write(ops.map((op) => (op.action === 'put' ? refusalOf(op, cause) : op))).catch(onRefused)
  }
  const halve = async (ops: readonly RecordOp[]): Promise<void> => {
    try {
      if (ops.length > 0) await write(ops)
    } catch (cause) {
      if (ops.length === 1 || refused >= maxRefusedSingly) return refuse(ops, cause)
      const middle = ops.length >> 1
      await halve(ops.slice(0, middle))
      await halve(ops.slice(middle))
    }
  }
  await halve(commit.ops.filter(({ action }) => action !== 'keep'))
  if (commit.partial) return
  const ops = commit.ops.map(
    (op): RecordOp => (op.action === 'delete' ? op : { action: 'keep', uri: op.uri }),
  )
  await tryBatch({ commits: [{ ...commit, ops: commit.complete ? ops : [] }] }).catch(onRefused)
}

/** Explanations for authors, by SQLSTATE; the store's own messages are only logged. */
const detailOf: readonly [RegExp, string][] = [
  [/^54/, 'a value in it is too long to be indexed, or it is nested too deep'],
  [/^22/, 'a value in it is outside of the range that this index can store'],
  [/^(53|57|XX)/, 'it takes more memory or time than this index gives to one record'],
]

function refusalOf(op: Extract<RecordOp, { action: 'put' }>, cause: unknown): RecordOp {
  const code = errorCode(cause) ?? ''
  const detail = detailOf.find(([pattern]) => pattern.test(code))?.[1] ?? 'this index cannot store it'
  return { action: 'reject', uri: op.uri, kind: op.kind, cid: op.cid, reason: 'unstorable', detail }
}
