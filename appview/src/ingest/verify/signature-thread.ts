/** A thread that checks signatures by the batch; see `signature-batches.ts` for the layout of its messages. */
import { type KeyObject, verify } from 'node:crypto'
import { parentPort } from 'node:worker_threads'
import { batchLayout, type SignatureBatch, type SignatureCurve, toPublicKey } from './signature-batches.ts'

const keys = new Map<string, KeyObject>()
/** Nearly every commit of a stream is of an account that has another in it. */
const MOST_KEYS = 10_000

parentPort!.on('message', ({ bytes, count }: SignatureBatch) => {
  const { headBytes, keyAt, signatureAt, dataAt } = batchLayout
  const verdicts = new Uint8Array(count)
  const batch = Buffer.from(bytes)
  let at = 0
  for (let i = 0; i < count; i++) {
    const head = batch.subarray(at, at + headBytes)
    const dataLength = head.readUInt32LE(0)
    const data = batch.subarray(at + dataAt, at + dataAt + dataLength)
    const key = keyOf(head.subarray(keyAt, signatureAt), head[4] === 0 ? 'secp256k1' : 'P-256')
    const signature = head.subarray(signatureAt, dataAt)
    verdicts[i] = verify('sha256', data, { key, dsaEncoding: 'ieee-p1363' }, signature) ? 1 : 0
    at += dataAt + dataLength
  }
  parentPort!.postMessage(verdicts, [verdicts.buffer])
})

function keyOf(point: Buffer, curve: SignatureCurve): KeyObject {
  const name = point.toString('latin1')
  const known = keys.get(name)
  if (known) return known
  if (keys.size >= MOST_KEYS) keys.clear()
  const key = toPublicKey(curve, point)
  keys.set(name, key)
  return key
}
