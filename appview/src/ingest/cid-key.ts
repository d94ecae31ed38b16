import { createHash, hash } from 'node:crypto'
import { type Cid, parseCid } from '@atproto/lex-data'

/**
 * A CID of the kind that repositories use (CIDv1, dag-cbor, sha-256), as its 36 bytes in a latin1 string. It can be compared
 * with `===` and used as the key of a Map without encoding it in base32.
 */
export type CidKey = string & { readonly cidKey: unique symbol }

export const cidBytes = 36
const prefix = Buffer.from([1, 0x71, 0x12, 0x20]).toString('latin1')
const base32 = 'abcdefghijklmnopqrstuvwxyz234567'

/** Reads the CID that begins at `at`; undefined when it is of another kind or cut off. */
export function readCidKey(bytes: Uint8Array, at = 0): CidKey | undefined {
  const plain = bytes[at] === 1 && bytes[at + 1] === 0x71 && bytes[at + 2] === 0x12 && bytes[at + 3] === 0x20
  if (!plain || bytes.length < at + cidBytes) return undefined
  return asBuffer(bytes).toString('latin1', at, at + cidBytes) as CidKey
}

/** Computes the CID of a block. */
export function cidKeyOf(block: Uint8Array): CidKey {
  return (prefix + hash('sha256', block, 'buffer').toString('latin1')) as CidKey
}

/** Computes the CID of a block that is given in pieces. */
export function cidKeyOfParts(parts: readonly Uint8Array[]): CidKey {
  const sum = createHash('sha256')
  for (const part of parts) sum.update(part)
  return (prefix + sum.digest().toString('latin1')) as CidKey
}

/** Converts a decoded CID link; undefined when it is of another kind. */
export function cidKeyFromLex(cid: Cid): CidKey | undefined {
  return cid.bytes.length === cidBytes ? readCidKey(cid.bytes) : undefined
}

/** Converts `bafyrei…`; undefined when it is not a CID of a repository's kind. */
export function cidKeyFromString(text: string): CidKey | undefined {
  try {
    return cidKeyFromLex(parseCid(text))
  } catch {
    return undefined
  }
}

/** Writes a CID as `bafyrei…` (multibase base32, RFC 4648 without padding). */
export function cidKeyToString(key: CidKey): string {
  let text = 'b'
  let buffer = 0
  let bits = 0
  for (let i = 0; i < key.length; i++) {
    buffer = ((buffer << 8) | key.charCodeAt(i)) & 0xffff
    bits += 8
    while (bits >= 5) {
      bits -= 5
      text += base32[(buffer >> bits) & 31]
    }
  }
  return bits > 0 ? text + base32[(buffer << (5 - bits)) & 31] : text
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
