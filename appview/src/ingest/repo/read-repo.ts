import { CID_BYTES, type CidKey, cidKeyOf, readCidKey } from '../cid-key.ts'
import { type Blocks, readCarHeader } from '../verify/car-slice.ts'
import type { SigningKey } from '../verify/signature.ts'
import { readTreeNode } from '../verify/tree-node.ts'
import { openCommit } from '../verify/verify-commit.ts'
import { VerifyError } from '../verify/verify-error.ts'
import { createByteReader } from './byte-reader.ts'

/** A whole repository as of one commit, reduced to what we follow. */
export type RepoSnapshot = {
  readonly rev: string
  readonly data: CidKey
  readonly records: readonly SnapshotRecord[]
}

export type SnapshotRecord = {
  readonly path: string
  readonly cid: CidKey
  /** Absent where the block was missing, or did not name a collection of ours anywhere. */
  readonly record: Uint8Array | undefined
}

export type ReadRepoOptions = {
  readonly did: string
  readonly key: SigningKey
  readonly nowMs: number
  /** What the paths we follow begin with, such as `org.example.dataset/`. */
  readonly prefixes: readonly string[]
  readonly maxRecords: number
  /** What is kept in memory: the tree, and the records of ours. */
  readonly maxKeptBytes: number
}

const MAX_BLOCK_BYTES = 2_000_000
const MAX_DEPTH = 128

/**
 * Reads the CAR that `getRepo` answers as it streams in, in any order of blocks. Only tree nodes, the commit and
 * blocks that mention a collection of ours are kept; the signature and every node and record on the way to ours
 * are checked. Throws VerifyError.
 */
export async function readRepo(
  car: AsyncIterable<Uint8Array>,
  options: ReadRepoOptions,
): Promise<RepoSnapshot> {
  const { root, kept } = await collectBlocks(car, options)
  const blocks = checkedByHash(kept)
  const { commit, signed } = openCommit({ root, blocks, did: options.did }, options)
  if (!(await signed))
    throw new VerifyError('bad-signature', `${options.did} did not sign commit ${commit.rev}`)
  const records: SnapshotRecord[] = []
  for (const { path, value } of walk(commit.data, blocks, options.prefixes)) {
    if (records.length >= options.maxRecords) {
      throw new VerifyError(
        'too-large',
        `the repository holds more than ${options.maxRecords} records of ours`,
      )
    }
    records.push({ path, cid: value, record: blocks.get(value) })
  }
  return { rev: commit.rev, data: commit.data, records }
}

async function collectBlocks(
  car: AsyncIterable<Uint8Array>,
  options: ReadRepoOptions,
): Promise<{ root: CidKey; kept: Map<CidKey, Uint8Array> }> {
  const reader = createByteReader(car)
  const marks = [...new Set(options.prefixes.map((prefix) => prefix.slice(0, -1)))].map((mark) =>
    Buffer.from(mark),
  )
  const header = await reader.readPrefixed(1_000)
  if (!header) throw new VerifyError('malformed-car', 'not a usable CAR: it is empty')
  const root = readCarHeader(header)
  const kept = new Map<CidKey, Uint8Array>()
  let keptBytes = 0
  for (;;) {
    const section = await reader.readPrefixed(MAX_BLOCK_BYTES)
    if (!section) return { root, kept }
    const cid = readCidKey(section)
    if (!cid) throw new VerifyError('malformed-car', 'not a usable CAR: a block is named oddly')
    const block = section.subarray(CID_BYTES)
    if (cid !== root && !isTreeNode(block) && !marks.some((mark) => block.includes(mark))) continue
    keptBytes += block.length + CID_BYTES
    if (keptBytes > options.maxKeptBytes) {
      throw new VerifyError(
        'too-large',
        `the repository keeps more than ${options.maxKeptBytes} bytes in memory`,
      )
    }
    // A copy: the section may be a view on a large chunk, which would stay alive with it.
    kept.set(cid, Buffer.from(block))
  }
}

/** A node is a map of two whose first key is `e`. */
function isTreeNode(block: Uint8Array): boolean {
  return block[0] === 0xa2 && block[1] === 0x61 && block[2] === 0x65
}

/** Blocks of a whole repository are read once each, so hashes are not remembered. */
function checkedByHash(kept: ReadonlyMap<CidKey, Uint8Array>): Blocks {
  return {
    get(cid) {
      const block = kept.get(cid)
      if (block && cidKeyOf(block) !== cid) {
        throw new VerifyError('cid-mismatch', 'a block is not what its CID says')
      }
      return block
    },
  }
}

/** The entries under our prefixes, in order; subtrees between which none of them falls are not looked at. */
function* walk(
  root: CidKey,
  blocks: Blocks,
  prefixes: readonly string[],
): Generator<{ path: string; value: CidKey }> {
  const overlaps = (after: string, before: string | undefined) =>
    prefixes.some((prefix) => (before === undefined || prefix < before) && `${prefix}\uffff` > after)
  function* visit(
    cid: CidKey,
    range: { after: string; before: string | undefined; layer: number | undefined },
  ): Generator<{ path: string; value: CidKey }> {
    const block = blocks.get(cid)
    if (!block) throw new VerifyError('missing-block', 'a part of the tree is not in the CAR')
    const node = readTreeNode(block, range.layer)
    if (node.layer > MAX_DEPTH)
      throw new VerifyError('malformed-tree', 'the tree is deeper than any hash allows')
    const layer = node.layer - 1
    let after = range.after
    let below = node.left
    for (const { path, value, right } of node.entries) {
      if (path <= after || (range.before !== undefined && path >= range.before)) {
        throw new VerifyError('malformed-tree', `${path} is out of order`)
      }
      if (below && overlaps(after, path)) yield* visit(below, { after, before: path, layer })
      if (prefixes.some((prefix) => path.startsWith(prefix))) yield { path, value }
      after = path
      below = right
    }
    if (below && overlaps(after, range.before)) yield* visit(below, { after, before: range.before, layer })
  }
  yield* visit(root, { after: '', before: undefined, layer: undefined })
}
