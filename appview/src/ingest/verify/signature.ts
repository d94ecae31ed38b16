import { createPublicKey, type KeyObject, verify } from 'node:crypto'
import { parseDidKey } from '@atproto/crypto'

/** A repository's signing key, ready to verify with. */
export type SigningKey = { readonly didKey: string; readonly key: KeyObject; readonly halfOrder: Buffer }

const SIGNATURE_BYTES = 64
const HALF_ORDER = {
  ES256K: Buffer.from('7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0', 'hex'),
  ES256: Buffer.from('7fffffff800000007fffffffffffffffde737d56d38bcf4279dce5617e3192a8', 'hex'),
}
const CURVE = { ES256K: 'secp256k1', ES256: 'P-256' }

/** Turns a `did:key` (secp256k1 or P-256) into a key; undefined when it is neither. */
export function toSigningKey(didKey: string): SigningKey | undefined {
  try {
    const { jwtAlg, keyBytes } = parseDidKey(didKey)
    if (jwtAlg !== 'ES256K' && jwtAlg !== 'ES256') return undefined
    const x = Buffer.from(keyBytes.subarray(1, 33)).toString('base64url')
    const y = Buffer.from(keyBytes.subarray(33, 65)).toString('base64url')
    const key = createPublicKey({ key: { kty: 'EC', crv: CURVE[jwtAlg], x, y }, format: 'jwk' })
    return { didKey, key, halfOrder: HALF_ORDER[jwtAlg] }
  } catch {
    return undefined
  }
}

/**
 * Verifies a commit's signature off the main thread: 64 bytes of r and s, sha-256, and `s` in the lower half of
 * the order, which atproto demands and OpenSSL does not check.
 */
export function verifySignature(key: SigningKey, data: Uint8Array, signature: Uint8Array): Promise<boolean> {
  const compact = signature.length === SIGNATURE_BYTES && isLowS(key, signature)
  if (!compact) return Promise.resolve(false)
  // Node's own reading of the compact form costs the main thread as much as the verification costs the other.
  const der = toDer(signature)
  return new Promise((resolve, reject) => {
    verify('sha256', data, key.key, der, (error, valid) => (error ? reject(error) : resolve(valid)))
  })
}

function isLowS(key: SigningKey, signature: Uint8Array): boolean {
  return Buffer.compare(signature.subarray(32), key.halfOrder) <= 0
}

/** `SEQUENCE {INTEGER r, INTEGER s}` (RFC 3279 §2.2.3). */
function toDer(signature: Uint8Array): Buffer {
  const r = derInteger(signature.subarray(0, 32))
  const s = derInteger(signature.subarray(32))
  return Buffer.concat([Buffer.from([0x30, r.length + s.length]), r, s])
}

/** Without leading zeros, but for the one that keeps the number positive. */
function derInteger(bytes: Uint8Array): Buffer {
  let start = 0
  while (start < bytes.length - 1 && bytes[start] === 0) start++
  const digits = bytes.subarray(start)
  const pad = digits[0]! >= 0x80 ? [0] : []
  return Buffer.concat([Buffer.from([0x02, digits.length + pad.length, ...pad]), digits])
}
