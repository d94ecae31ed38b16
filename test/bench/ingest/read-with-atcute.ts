import { fromUint8Array } from '@atcute/car'
import { type CidLink, decode, decodeFirst, fromBytes } from '@atcute/cbor'
import * as CID from '@atcute/cid'
import { MemoryBlockStore, NodeStore, NodeWalker, NodeWrangler } from '@atcute/mst'
import { verifyRecord } from '@atcute/repo'
import { foreignPrefix, type Reading } from './reading.ts'

interface Op {
  action: 'create' | 'update' | 'delete'
  path: string
  cid: CidLink | null
  prev?: CidLink
}
interface Commit {
  repo: string
  ops: Op[]
  blocks: Uint8Array
  prevData: CidLink
}
type Block = Uint8Array<ArrayBuffer>

/** The same steps with @atcute's packages, used as documented. */
export const atcute: Reading<Commit> = {
  pass(frame) {
    const { ops, repo } = decodeFrame(frame)
    if (repo === '' || ops.some(({ path }) => path.startsWith(foreignPrefix)))
      throw new Error('a frame was not passed over')
  },
  decode(frame) {
    const body = decodeFrame(frame)
    return { ...body, blocks: fromBytes(body.blocks as never) }
  },
  openCar({ blocks }) {
    const reader = fromUint8Array(blocks as Block)
    const found = new Map([...reader].map(({ cid, bytes }) => [CID.toString(cid), bytes]))
    if (!found.has(reader.roots[0]!.$link)) throw new Error('the root is not there')
  },
  async checkBlocks({ blocks }) {
    await checkedBlocks(blocks)
  },
  async prove({ ops, blocks, prevData }) {
    const { root, found } = await checkedBlocks(blocks)
    let data = (decode(found.get(root)!) as { data: CidLink }).data.$link
    const nodes = new NodeStore(new MemoryBlockStore(found))
    const wrangler = new NodeWrangler(nodes)
    for (const { path, cid } of ops) {
      const value = await (await NodeWalker.create(nodes, data)).findRpath(path)
      if (value?.$link !== cid?.$link) throw new Error(`the tree does not hold ${path}`)
    }
    for (const { action, path, prev } of ops)
      data =
        action === 'create'
          ? await wrangler.deleteRecord(data, path)
          : await wrangler.putRecord(data, path, prev!)
    if (data !== prevData.$link) throw new Error('undoing does not give the tree before')
  },
  async findRecord({ repo, ops, blocks }) {
    const [collection, rkey] = ops[0]!.path.split('/') as [`${string}.${string}.${string}`, string]
    await verifyRecord({ did: repo as never, collection, rkey, carBytes: blocks as Block })
  },
}

function decodeFrame(frame: Uint8Array): Commit {
  const [header, rest] = decodeFirst(frame)
  if (header.t !== '#commit') throw new Error(`a frame is a ${header.t}`)
  const [body, nothing] = decodeFirst(rest)
  if (nothing.length > 0) throw new Error('a frame has more than a header and a body')
  return body
}

async function checkedBlocks(car: Uint8Array): Promise<{ root: string; found: Map<string, Block> }> {
  const reader = fromUint8Array(car as Block)
  const found = new Map<string, Block>()
  for (const { cid, bytes } of reader) {
    const name = CID.toString(cid)
    if (CID.toString(await CID.create(cid.codec as 0x55 | 0x71, bytes)) !== name)
      throw new Error('a block is not what its CID says')
    found.set(name, bytes as Block)
  }
  return { root: reader.roots[0]!.$link, found }
}
