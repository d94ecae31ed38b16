import { decode } from '@atproto/lex-cbor'
import { type CidKey, cidBytes, readCidKey } from '@holdfast/appview/ingest/cid-key'
import { type CommitFrame, decodeFrame } from '@holdfast/appview/ingest/frame/frame'
import { createFrameScanner } from '@holdfast/appview/ingest/frame/scan-frame'
import { readCarSlice, readVarint } from '@holdfast/appview/ingest/verify/car-slice'
import { readCommitBlock } from '@holdfast/appview/ingest/verify/commit-block'
import { openPartialTree } from '@holdfast/appview/ingest/verify/partial-tree'
import { checkOps } from '@holdfast/appview/ingest/verify/verify-commit'
import { foreignPrefix, type Reading } from './reading.ts'

const nobody = { wantsPath: (path: string) => path.startsWith(foreignPrefix), tracks: () => false }
const everybody = { wantsPath: () => true, tracks: () => true }
const scan = createFrameScanner(nobody, [foreignPrefix])

/** The steps as the AppView performs them. */
export const ours: Reading<CommitFrame> = {
  pass(frame) {
    if (scan(frame).kind !== 'skip') throw new Error('a frame was not passed over')
  },
  decode(frame) {
    const decoded = decodeFrame(frame, everybody)
    if (decoded.kind !== 'commit') throw new Error(`a frame was read as ${decoded.kind}`)
    return decoded
  },
  openCar(commit) {
    if (readCarSlice(commit.blocks).root !== commit.commit) throw new Error('the root is another')
  },
  checkBlocks(commit) {
    const { blocks } = readCarSlice(commit.blocks)
    for (const cid of cidsOf(commit.blocks)) if (!blocks.get(cid)) throw new Error(`no block ${cid}`)
  },
  prove(commit) {
    const { root, blocks } = readCarSlice(commit.blocks)
    const { data } = readCommitBlock(blocks.get(root)!)
    // This throws unless undoing the operations gives the previous root.
    if (checkOps(commit, openPartialTree(data, blocks)) === null)
      throw new Error('the root before is not said')
  },
  findRecord(commit) {
    const { root, blocks } = readCarSlice(commit.blocks)
    const { data, did } = readCommitBlock(blocks.get(root)!)
    const cid = openPartialTree(data, blocks).get(commit.ops[0]!.path)
    if (did !== commit.did || !cid || !decode(blocks.get(cid)!)) throw new Error('no record')
  },
}

function cidsOf(car: Uint8Array): CidKey[] {
  const cids: CidKey[] = []
  const header = readVarint(car, 0)
  for (let at = header.end + header.value; at < car.length; ) {
    const { value, end } = readVarint(car, at)
    if (value >= cidBytes) cids.push(readCidKey(car, end)!)
    at = end + value
  }
  return cids
}
