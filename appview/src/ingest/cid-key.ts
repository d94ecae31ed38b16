import { createHash, hash } from 'node:crypto'
import { type Cid, parseCid } from '@atproto/lex-data'

/**
 * A CID of the kind repositories are made of (CIDv1, dag-cbor, sha-256) as its 36 bytes in a latin1 string: it
 * compares with `===` and keys a Map without base32.
 */
export type CidKey = string & { readonly cidKey: unique symbol }

export const CID_BYTES = 36
const PREFIX = Buffer.from([1, 0x71, 0x12, 0x20]).toString('latin1')
const BASE32 = 'abcdefghijklmnopqrstuvwxyz234567'

/** Reads the CID that begins at `at`; undefined when it is of another kind or cut off. */
export function readCidKey(bytes: Uint8Array, at = 0): CidKey | undefined {
  const plain = bytes[at] === 1 && bytes[at + 1] === 0x71 && bytes[at + 2] === 0x12 && bytes[at + 3] === 0x20
  if (!plain || bytes.length < at + CID_BYTES) return undefined
  return asBuffer(bytes).toString('latin1', at, at + CID_BYTES) as CidKey
}

/** The CID of a block's bytes. */
export function cidKeyOf(block: Uint8Array): CidKey {
  return (PREFIX + hash('sha256', block, 'buffer').toString('latin1')) as CidKey
}

/** The CID of a block given in pieces. */
export function cidKeyOfParts(parts: readonly Uint8Array[]): CidKey {
  const sum = createHash('sha256')
  for (const part of parts) sum.update(part)
  return (PREFIX + sum.digest().toString('latin1')) as CidKey
}

/** Converts a decoded CID link; undefined when it is not of a repository's kind. */
export function cidKeyFromLex(cid: Cid): CidKey | undefined {
  return cid.bytes.length === CID_BYTES ? readCidKey(cid.bytes) : undefined
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
      text += BASE32[(buffer >> bits) & 31]
    }
  }
  return bits > 0 ? text + BASE32[(buffer << (5 - bits)) & 31] : text
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
