import type { CidKey } from '../cid-key.ts'
import type { CommitFrame, RepoOp, SyncFrame } from '../frame/frame.ts'
import { type Blocks, readCarSlice } from './car-slice.ts'
import { type CommitBlock, readCommitBlock } from './commit-block.ts'
import { openPartialTree, type PartialTree } from './partial-tree.ts'
import { type SigningKey, verifySignature } from './signature.ts'
import { checkRev } from './tid.ts'
import { emptyTree } from './tree-node.ts'
import { VerifyError } from './verify-error.ts'

/** A commit with a valid signature, whose operations are proved to be all changes since `prevData`. */
export interface VerifiedCommit {
  readonly rev: string
  readonly data: CidKey
  /** The root before the commit; null when the host did not name it, so that operations may be missing. */
  readonly prevData: CidKey | null
  readonly changes: readonly VerifiedChange[]
}

export type VerifiedChange =
  | { readonly path: string; readonly cid: CidKey; readonly record: Uint8Array }
  | { readonly path: string; readonly cid: null }

export interface VerifyOptions {
  readonly key: SigningKey
  readonly wantsPath: (path: string) => boolean
  readonly nowMs: number
}

const maxOps = 1_000

/**
 * Verifies a `#commit`: its signature and the proof of every operation. It also undoes all operations on the partial tree in
 * the message, which must give `prevData`, so that none was left out or made up (atproto sync spec, "inductive firehose").
 * Throws VerifyError.
 */
export async function verifyCommit(frame: CommitFrame, options: VerifyOptions): Promise<VerifiedCommit> {
  const { root, blocks } = readCarSlice(frame.blocks)
  if (root !== frame.commit)
    throw new VerifyError('malformed-car', 'its root is not the commit of the message')
  const { commit, signed } = openCommit({ root, blocks, did: frame.did, rev: frame.rev }, options)
  // Check the tree while a thread checks the signature; if both fail, the signature's error is reported.
  const checked = attempt(() => checkOps(frame, openPartialTree(commit.data, blocks)))
  if (!(await signed)) throw new VerifyError('bad-signature', `${frame.did} did not sign commit ${frame.rev}`)
  if (checked instanceof VerifyError) throw checked
  // An operation that does not change the CID changes nothing, and its record is not in the message.
  const changed = frame.ops.filter((op) => options.wantsPath(op.path) && op.cid !== op.prev)
  const changes = changed.map((op) => readChange(op, blocks))
  return { rev: commit.rev, data: commit.data, prevData: checked, changes }
}

/** Verifies a `#sync`: a signed commit without operations. Throws VerifyError. */
export async function verifySync(
  frame: SyncFrame,
  options: VerifyOptions,
): Promise<{ readonly rev: string; readonly data: CidKey }> {
  const slice = readCarSlice(frame.blocks)
  const { commit, signed } = openCommit({ ...slice, did: frame.did, rev: frame.rev }, options)
  if (!(await signed)) throw new VerifyError('bad-signature', `${frame.did} did not sign commit ${frame.rev}`)
  return { rev: commit.rev, data: commit.data }
}

/** Verifies the answer of `com.atproto.sync.getRecord`; `cid` is null when the proof shows no record there. */
export async function verifyRecordProof(
  car: Uint8Array,
  claim: { readonly did: string; readonly path: string },
  options: VerifyOptions,
): Promise<VerifiedChange & { readonly rev: string }> {
  const slice = readCarSlice(car)
  const { commit, signed } = openCommit({ ...slice, did: claim.did }, options)
  if (!(await signed))
    throw new VerifyError('bad-signature', `${claim.did} did not sign commit ${commit.rev}`)
  const cid = openPartialTree(commit.data, slice.blocks).get(claim.path)
  if (!cid) return { path: claim.path, cid: null, rev: commit.rev }
  return { path: claim.path, cid, record: recordAt(claim.path, cid, slice.blocks), rev: commit.rev }
}

/** Reads the commit at a CAR's root, and starts checking its signature. */
export function openCommit(
  car: { readonly root: CidKey; readonly blocks: Blocks; readonly did: string; readonly rev?: string },
  options: Pick<VerifyOptions, 'key' | 'nowMs'>,
): { readonly commit: CommitBlock; readonly signed: Promise<boolean> } {
  const block = car.blocks.get(car.root)
  if (!block) throw new VerifyError('malformed-car', 'the commit is not in the CAR')
  const commit = readCommitBlock(block)
  if (commit.did !== car.did)
    throw new VerifyError('wrong-repo', `the commit belongs to ${commit.did.slice(0, 200)}`)
  if (car.rev !== undefined && commit.rev !== car.rev) {
    throw new VerifyError('bad-rev', 'the message and its commit name different revisions')
  }
  checkRev(commit.rev, options.nowMs)
  return { commit, signed: verifySignature(options.key, commit.signedBytes, commit.signature) }
}

/** Proves each operation, then undoes all; returns the root before them, or null when the host named none. */
export function checkOps(frame: CommitFrame, tree: PartialTree): CidKey | null {
  const { ops } = frame
  if (frame.tooBig)
    throw new VerifyError('missing-block', 'the host says that the commit was too big to send')
  if (ops.length > maxOps) throw new VerifyError('too-large', `a commit of ${ops.length} operations`)
  if (new Set(ops.map((op) => op.path)).size < ops.length) {
    throw new VerifyError('ops-mismatch', 'two operations on one path')
  }
  for (const op of ops) {
    const found = tree.get(op.path)
    if (found !== (op.action === 'delete' ? undefined : op.cid!)) {
      throw new VerifyError('bad-proof', `the tree does not hold what the ${op.action} of ${op.path} says`)
    }
  }
  const before = frame.prevData ?? (frame.since === null ? emptyTree : null)
  if (before === null) return null
  // Undo deletes first: each insertion needs only the nodes above its own path, which the host has sent.
  for (const op of ops) if (op.action === 'delete') tree.insert(op.path, previousOf(op))
  for (const op of ops) if (op.action === 'update') tree.replace(op.path, previousOf(op))
  for (const op of ops) if (op.action === 'create') tree.remove(op.path)
  if (tree.root() !== before) {
    throw new VerifyError('ops-mismatch', 'undoing the operations does not give the tree before them')
  }
  return before
}

function previousOf(op: RepoOp): CidKey {
  if (!op.prev)
    throw new VerifyError('ops-mismatch', `the ${op.action} of ${op.path} does not say what was there`)
  return op.prev
}

function readChange(op: RepoOp, blocks: Blocks): VerifiedChange {
  if (op.action === 'delete') return { path: op.path, cid: null }
  return { path: op.path, cid: op.cid!, record: recordAt(op.path, op.cid!, blocks) }
}

function recordAt(path: string, cid: CidKey, blocks: Blocks): Uint8Array {
  const record = blocks.get(cid)
  if (!record) throw new VerifyError('missing-block', `the record ${path} is not in the CAR`)
  return record
}

function attempt<T>(action: () => T): T | VerifyError {
  try {
    return action()
  } catch (error) {
    if (error instanceof VerifyError) return error
    throw error
  }
}
