/** A thread that checks signatures by the batch; see `signature-batches.ts` for the layout of its messages. */
import { hash, type KeyObject, verify } from 'node:crypto'
import { parentPort } from 'node:worker_threads'
import { verify as verifySecp256k1 } from 'tiny-secp256k1'
import { batchLayout, type SignatureBatch, type SignatureCurve, toPublicKey } from './signature-batches.ts'

const secp256k1Order = Buffer.from('fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141', 'hex')
const uncompressedPrefix = 4

const keys = new Map<string, KeyObject>()
/** How many keys are kept, since nearly every account in a stream has several commits in it. */
const mostKeys = 10_000

parentPort!.on('message', ({ bytes, count }: SignatureBatch) => {
  const { headBytes, keyAt, signatureAt, dataAt } = batchLayout
  const verdicts = new Uint8Array(count)
  const batch = Buffer.from(bytes)
  let at = 0
  for (let i = 0; i < count; i++) {
    const head = batch.subarray(at, at + headBytes)
    const dataLength = head.readUInt32LE(0)
    const data = batch.subarray(at + dataAt, at + dataAt + dataLength)
    const point = head.subarray(keyAt, signatureAt)
    const signature = head.subarray(signatureAt, dataAt)
    const valid =
      head[4] === 0
        ? isSecp256k1(point, data, signature) || isValid('secp256k1', point, data, signature)
        : isValid('P-256', point, data, signature)
    verdicts[i] = valid ? 1 : 0
    at += dataAt + dataLength
  }
  parentPort!.postMessage(verdicts, [verdicts.buffer])
})

/** Checks by libsecp256k1, which takes half the time of OpenSSL for this curve; what it refuses is checked again by `node:crypto`. */
function isSecp256k1(point: Buffer, data: Buffer, signature: Buffer): boolean {
  const inRange = [0, 32].every((at) => Buffer.compare(signature.subarray(at, at + 32), secp256k1Order) < 0)
  if (!inRange) return false
  uncompressed.set(point, 1)
  return verifySecp256k1(hash('sha256', data, 'buffer'), uncompressed, signature, true)
}

const uncompressed = new Uint8Array(65).fill(uncompressedPrefix, 0, 1)

function isValid(curve: SignatureCurve, point: Buffer, data: Buffer, signature: Buffer): boolean {
  const key = keyOf(point, curve)
  return verify('sha256', data, { key, dsaEncoding: 'ieee-p1363' }, signature)
}

function keyOf(point: Buffer, curve: SignatureCurve): KeyObject {
  const name = point.toString('latin1')
  const known = keys.get(name)
  if (known) return known
  if (keys.size >= mostKeys) keys.clear()
  const key = toPublicKey(curve, point)
  keys.set(name, key)
  return key
}
