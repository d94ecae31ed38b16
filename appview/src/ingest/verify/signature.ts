import { parseDidKey } from '@atproto/crypto'
import { createSignatureBatches, type SignatureCurve, toPublicKey } from './signature-batches.ts'

/** A repository's signing key, parsed for verification. */
export interface SigningKey {
  readonly didKey: string
  readonly curve: SignatureCurve
  /** x and y, 32 bytes each. */
  readonly point: Uint8Array
}

const signatureBytes = 64
const halfOrder: Readonly<Record<SignatureCurve, Buffer>> = {
  secp256k1: Buffer.from('7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0', 'hex'),
  'P-256': Buffer.from('7fffffff800000007fffffffffffffffde737d56d38bcf4279dce5617e3192a8', 'hex'),
}
const curveOrder: Readonly<Record<string, SignatureCurve>> = { ES256K: 'secp256k1', ES256: 'P-256' }

/** Turns a `did:key` (secp256k1 or P-256) into a key; undefined when it is neither. */
export function toSigningKey(didKey: string): SigningKey | undefined {
  try {
    const { jwtAlg, keyBytes } = parseDidKey(didKey)
    const curve = curveOrder[jwtAlg]
    if (!curve) return undefined
    const point = keyBytes.slice(1, 65)
    // Throw here, and not in the thread, for a point that is not on the curve.
    toPublicKey(curve, point)
    return { didKey, curve, point }
  } catch {
    return undefined
  }
}

const checkInThread = createSignatureBatches()

/**
 * Verifies a commit's signature off the main thread: 64 bytes of r and s, sha-256, and `s` in the lower half of
 * the order, which atproto demands and OpenSSL does not check.
 */
export function verifySignature(key: SigningKey, data: Uint8Array, signature: Uint8Array): Promise<boolean> {
  const { curve, point } = key
  if (signature.length !== signatureBytes || !isLowS(curve, signature)) return Promise.resolve(false)
  return checkInThread({ curve, point, data, signature })
}

function isLowS(curve: SignatureCurve, signature: Uint8Array): boolean {
  return Buffer.compare(signature.subarray(32), halfOrder[curve]) <= 0
}
