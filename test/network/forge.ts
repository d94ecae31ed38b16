import type { Keypair } from '@atproto/crypto'
import { decode } from '@atproto/lex-cbor'
import { type Cid, cidForCbor, type LexMap } from '@atproto/lex-data'
import { BlockMap, blocksToCarFile, readCarWithRoot, signCommit } from '@atproto/repo'
import type { Frame } from './relay/frames.ts'

/** Changes only the given fields of a frame, such as `since`, `prevData`, `rev` or `repo`. */
export const withBody = (frame: Frame, changes: LexMap): Frame => ({
  ...frame,
  body: { ...frame.body, ...changes },
})

/** Signs the frame's commit again, with another key or other fields, and adapts the CAR and `commit`, `rev`. */
export async function resign(
  frame: Frame,
  key: Keypair,
  changes: { rev?: string; did?: string; data?: Cid } = {},
) {
  const { root, blocks } = await readCarWithRoot(frame.body.blocks as Uint8Array)
  const { sig: _, ...unsigned } = decode<LexMap>(blocks.get(root)!)
  const commit = await signCommit({ ...unsigned, ...changes } as Parameters<typeof signCommit>[0], key)
  blocks.delete(root)
  const cid = await blocks.add(commit as unknown as LexMap)
  return withBody(frame, { commit: cid, rev: commit.rev, blocks: await blocksToCarFile(cid, blocks) })
}

/** Claims another CID for the first written record; the blocks are unchanged. */
export async function withWrongCid(frame: Frame): Promise<Frame> {
  const wrong = await cidForCbor(new TextEncoder().encode('something else'))
  const at = opsOf(frame).findIndex(({ cid }) => cid)
  return withBody(frame, { ops: opsOf(frame).map((op, i) => (i === at ? { ...op, cid: wrong } : op)) })
}

/** Omits one of the operations that the commit made. */
export const withoutOp = (frame: Frame, index = 0): Frame =>
  withBody(frame, { ops: opsOf(frame).filter((_, i) => i !== index) })

/** Adds an operation that the commit did not make. */
export const withOp = (frame: Frame, op: LexMap): Frame => withBody(frame, { ops: [...opsOf(frame), op] })

/** Removes one block from the CAR, by default the first record's. */
export async function withoutBlock(frame: Frame, cid = firstRecord(frame)): Promise<Frame> {
  const { root, blocks } = await readCarWithRoot(frame.body.blocks as Uint8Array)
  return withBody(frame, { blocks: await blocksToCarFile(root, blocks.delete(cid)) })
}

/** Puts other bytes under the CID of a block, by default the first record's. */
export async function withTamperedBlock(
  frame: Frame,
  bytes: Uint8Array,
  cid = firstRecord(frame),
): Promise<Frame> {
  const { root, blocks } = await readCarWithRoot(frame.body.blocks as Uint8Array)
  return withBody(frame, { blocks: await blocksToCarFile(root, new BlockMap(blocks).set(cid, bytes)) })
}

/** The revision (TID) of a time, for a commit from the future or the past. */
export function revAt(timeMs: number): string {
  const digits = '234567abcdefghijklmnopqrstuvwxyz'
  let rest = (BigInt(timeMs) * 1000n) << 10n
  let tid = ''
  for (let i = 0; i < 13; i++, rest >>= 5n) tid = digits[Number(rest & 31n)] + tid
  return tid
}

const opsOf = (frame: Frame) => frame.body.ops as (LexMap & { cid: Cid | null })[]

function firstRecord(frame: Frame): Cid {
  const cid = opsOf(frame).find((op) => op.cid)?.cid
  if (!cid) throw new Error('this frame writes no record, so name the block')
  return cid
}
