import { createTurns } from '../../threads/turns.ts'
import { type CidKey, cidBytes, readCidKey } from '../cid-key.ts'
import { type Blocks, checkedBlocks, readCarHeader } from '../verify/car-slice.ts'
import type { SigningKey } from '../verify/signature.ts'
import { readTreeNode } from '../verify/tree-node.ts'
import { openCommit } from '../verify/verify-commit.ts'
import { VerifyError } from '../verify/verify-error.ts'
import { createByteReader } from './byte-reader.ts'

/** A whole repository as of one commit, reduced to the records that we index. */
export interface RepoSnapshot {
  readonly rev: string
  readonly data: CidKey
  readonly records: readonly SnapshotRecord[]
  /** The size of the records' blocks; each block is counted once. */
  readonly recordBytes: number
}

export interface SnapshotRecord {
  readonly path: string
  readonly cid: CidKey
  /** The record's bytes; absent when its block was missing, or did not mention one of our collections. */
  readonly record: Uint8Array | undefined
}

export interface ReadRepoOptions {
  readonly did: string
  readonly key: SigningKey
  readonly nowMs: number
  /** The prefixes of the paths to index, such as `org.example.dataset/`. */
  readonly prefixes: readonly string[]
  readonly maxRecords: number
  /** The most bytes to keep in memory, for the tree and the records. */
  readonly maxKeptBytes: number
  /** Called with the bytes of memory that are about to be used; may throw to end the read. */
  readonly onTake?: (bytes: number) => void
}

const maxBlockBytes = 2_000_000
const maxDepth = 128
/** The memory that keeping a block takes besides its bytes. */
const blockOverheadBytes = 250

/**
 * Reads the CAR of `com.atproto.sync.getRepo` as a stream, with blocks in any order. Only tree nodes, the commit and blocks
 * that mention one of our collections are kept. The signature is checked, and every record of ours with all nodes above it.
 * Throws VerifyError.
 */
export async function readRepo(
  car: AsyncIterable<Uint8Array>,
  options: ReadRepoOptions,
): Promise<RepoSnapshot> {
  const { root, kept } = await collectBlocks(car, options)
  // Several paths may name one block, which is hashed only once.
  const blocks = checkedBlocks(kept)
  const { commit, signed } = openCommit({ root, blocks, did: options.did }, options)
  if (!(await signed))
    throw new VerifyError('bad-signature', `${options.did} did not sign commit ${commit.rev}`)
  const records: SnapshotRecord[] = []
  const counted = new Set<CidKey>()
  const turns = createTurns()
  let recordBytes = 0
  for (const { path, value } of walk(commit.data, blocks, options.prefixes)) {
    if (records.length >= options.maxRecords) {
      throw new VerifyError(
        'too-large',
        `the repository holds more than ${options.maxRecords} records of ours`,
      )
    }
    const record = blocks.get(value)
    if (record && !counted.has(value)) recordBytes += record.length
    counted.add(value)
    records.push({ path, cid: value, record })
    await turns.pass()
  }
  return { rev: commit.rev, data: commit.data, records, recordBytes }
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
    const section = await reader.readPrefixed(maxBlockBytes)
    if (!section) return { root, kept }
    const cid = readCidKey(section)
    if (!cid) throw new VerifyError('malformed-car', 'not a usable CAR: a block is named oddly')
    const block = section.subarray(cidBytes)
    if (cid !== root && !isTreeNode(block) && !marks.some((mark) => block.includes(mark))) continue
    keptBytes += block.length + cidBytes
    if (keptBytes > options.maxKeptBytes) {
      throw new VerifyError(
        'too-large',
        `the repository keeps more than ${options.maxKeptBytes} bytes in memory`,
      )
    }
    options.onTake?.(block.length + cidBytes + blockOverheadBytes)
    // Copy the section: it may be a view of a large chunk, which would otherwise stay in memory.
    kept.set(cid, Buffer.from(block))
  }
}

/** Whether a block looks like a tree node: a map with two keys, of which the first is `e`. */
function isTreeNode(block: Uint8Array): boolean {
  return block[0] === 0xa2 && block[1] === 0x61 && block[2] === 0x65
}

/** Yields the entries under our prefixes, in order. Subtrees that cannot contain any are not read. */
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
    if (node.layer > maxDepth)
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
