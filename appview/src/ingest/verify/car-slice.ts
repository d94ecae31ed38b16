import { type CidKey, cidBytes, cidKeyOf, readCidKey } from '../cid-key.ts'
import { CborStepper, knownKeys, NotCanonicalError, stepMap } from '../frame/cbor-step.ts'
import { VerifyError } from './verify-error.ts'

/** The blocks of a CAR by CID, each checked against its hash when it is first read. */
export interface Blocks {
  /** The block's bytes; undefined when it is missing. Throws VerifyError when its hash is wrong. */
  get(cid: CidKey): Uint8Array | undefined
}

/** The largest CAR in memory. A commit message has at most 2 MB of blocks (atproto sync spec), a proof of one record far less. */
export const maxSliceBytes = 2_200_000
const maxBlocks = 50_000
const maxHeaderBytes = 1_000

/** Reads a CAR (v1) held in memory. Hashes are checked on use, so an unused block costs nothing. */
export function readCarSlice(bytes: Uint8Array, maxBytes = maxSliceBytes): { root: CidKey; blocks: Blocks } {
  if (bytes.length > maxBytes)
    throw new VerifyError('too-large', `a CAR of ${bytes.length} bytes is over ${maxBytes}`)
  const header = readVarint(bytes, 0)
  if (header.value > maxHeaderBytes) throw malformed('its header is too long')
  const root = readCarHeader(bytes.subarray(header.end, header.end + header.value))
  const found = new Map<CidKey, Uint8Array>()
  let at = header.end + header.value
  while (at < bytes.length) {
    const length = readVarint(bytes, at)
    const end = length.end + length.value
    const cid = readCidKey(bytes, length.end)
    if (!cid || length.value < cidBytes || end > bytes.length)
      throw malformed('a block is cut off or named oddly')
    found.set(cid, bytes.subarray(length.end + cidBytes, end))
    if (found.size > maxBlocks) throw new VerifyError('too-large', `a CAR of more than ${maxBlocks} blocks`)
    at = end
  }
  return { root, blocks: checkedBlocks(found) }
}

/** Makes blocks that are hashed on first use. */
export function checkedBlocks(found: ReadonlyMap<CidKey, Uint8Array>): Blocks {
  const checked = new Set<CidKey>()
  return {
    get(cid) {
      const block = found.get(cid)
      if (!block || checked.has(cid)) return block
      if (cidKeyOf(block) !== cid) throw new VerifyError('cid-mismatch', 'a block is not what its CID says')
      checked.add(cid)
      return block
    },
  }
}

/** Reads an unsigned LEB128 number of at most four bytes, enough for any allowed block. */
export function readVarint(bytes: Uint8Array, at: number): { value: number; end: number } {
  let value = 0
  for (let i = 0; i < 4; i++) {
    const byte = bytes[at + i]
    if (byte === undefined) break
    value += (byte & 0x7f) * 2 ** (7 * i)
    if (byte < 0x80) return { value, end: at + i + 1 }
  }
  throw malformed('a length is cut off or too large')
}

const headerKeys = knownKeys(['roots', 'version'])

/** Reads a header `{roots: [cid], version: 1}` and returns the root. */
export function readCarHeader(bytes: Uint8Array): CidKey {
  const stepper = new CborStepper()
  stepper.reset(bytes)
  let root: CidKey | undefined
  try {
    stepMap(stepper, headerKeys, (index) => {
      if (index === 1 && stepper.expect(0) !== 1) throw malformed('its version is not 1')
      if (index === 0) {
        const count = stepper.expect(4)
        if (count !== 1) throw malformed(`it has ${count} roots, not one`)
        root = readCidKey(bytes, stepper.cid())
      }
    })
  } catch (error) {
    if (error instanceof NotCanonicalError) throw malformed('its header is not DAG-CBOR')
    throw error
  }
  if (!root) throw malformed('it has no root')
  return root
}

function malformed(what: string): VerifyError {
  return new VerifyError('malformed-car', `not a usable CAR: ${what}`)
}
