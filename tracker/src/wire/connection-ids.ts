import { createHash } from 'node:crypto'
import type { Family } from '../swarms/announce.ts'

/**
 * UDP connection ids (BEP 15), which prove that a client receives what is sent to its address. An id is the SipHash-2-4
 * of the address under a key that changes every minute, so nothing is stored per client; its first two bits say which
 * minute. An id is valid for two to three minutes. Trackers with the same `secret` give out the same ids.
 */
export class ConnectionIds {
  readonly #secret: Uint8Array
  readonly #keys = new Map<number, Int32Array>()
  #epoch = -1

  constructor(secret: Uint8Array) {
    this.#secret = secret
  }

  /** Call this at least once a minute with the time in seconds. */
  setTime(seconds: number): void {
    const epoch = Math.floor(seconds / 60)
    if (epoch === this.#epoch) return
    this.#epoch = epoch
    this.#keys.clear()
    for (let each = epoch - 2; each <= epoch; each++) {
      const digest = createHash('sha256').update(this.#secret).update(String(each)).digest()
      this.#keys.set(
        each & 3,
        Int32Array.from({ length: 4 }, (_, word) => digest.readInt32LE(word * 4)),
      )
    }
  }

  /** Writes the id of `address` to `out` at `offset`. */
  write(family: Family, address: Int32Array, out: Uint8Array, offset: number): void {
    const slot = this.#epoch & 3
    sipHash(this.#keys.get(slot)!, family, address)
    writeInt32(out, offset, (hash[1]! & 0x3fff_ffff) | (slot << 30))
    writeInt32(out, offset + 4, hash[0]!)
  }

  /** Whether the 8 bytes at `offset` are a valid id of `address`. */
  check(family: Family, address: Int32Array, bytes: Uint8Array, offset: number): boolean {
    const key = this.#keys.get(bytes[offset]! >>> 6)
    if (key === undefined) return false
    sipHash(key, family, address)
    const high = readInt32(bytes, offset)
    return ((high ^ hash[1]!) & 0x3fff_ffff) === 0 && readInt32(bytes, offset + 4) === hash[0]
  }
}

export function readInt32(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!
}

export function writeInt32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 24
  bytes[at + 1] = value >>> 16
  bytes[at + 2] = value >>> 8
  bytes[at + 3] = value
}

const hash = new Int32Array(2)
/** The state of SipHash: v0 low, v0 high, v1 low, and so on. */
const v = new Int32Array(8)

/** Writes the SipHash-2-4 of the address bytes to `hash` (low word, high word), computed in halves of 32 bits. */
function sipHash(key: Int32Array, family: Family, address: Int32Array): void {
  v[0] = key[0]! ^ 0x70736575
  v[1] = key[1]! ^ 0x736f6d65
  v[2] = key[2]! ^ 0x6e646f6d
  v[3] = key[3]! ^ 0x646f7261
  v[4] = key[0]! ^ 0x6e657261
  v[5] = key[1]! ^ 0x6c796765
  v[6] = key[2]! ^ 0x79746573
  v[7] = key[3]! ^ 0x74656462
  if (family === 0) compress(address[0]!, 4 << 24)
  else {
    compress(address[0]!, address[1]!)
    compress(address[2]!, address[3]!)
    compress(0, 16 << 24)
  }
  v[4]! ^= 0xff
  for (let round = 0; round < 4; round++) sipRound()
  hash[0] = v[0]! ^ v[2]! ^ v[4]! ^ v[6]!
  hash[1] = v[1]! ^ v[3]! ^ v[5]! ^ v[7]!
}

function compress(low: number, high: number): void {
  v[6]! ^= low
  v[7]! ^= high
  sipRound()
  sipRound()
  v[0]! ^= low
  v[1]! ^= high
}

function sipRound(): void {
  let [a, A, b, B, c, C, d, D] = [v[0]!, v[1]!, v[2]!, v[3]!, v[4]!, v[5]!, v[6]!, v[7]!]
  let low = (a + b) | 0
  A = (A + B + (low >>> 0 < a >>> 0 ? 1 : 0)) | 0
  a = low
  let swap = (b << 13) | (B >>> 19)
  B = ((B << 13) | (b >>> 19)) ^ A
  b = swap ^ a
  swap = a
  a = A
  A = swap
  low = (c + d) | 0
  C = (C + D + (low >>> 0 < c >>> 0 ? 1 : 0)) | 0
  c = low
  swap = (d << 16) | (D >>> 16)
  D = ((D << 16) | (d >>> 16)) ^ C
  d = swap ^ c
  low = (a + d) | 0
  A = (A + D + (low >>> 0 < a >>> 0 ? 1 : 0)) | 0
  a = low
  swap = (d << 21) | (D >>> 11)
  D = ((D << 21) | (d >>> 11)) ^ A
  d = swap ^ a
  low = (c + b) | 0
  C = (C + B + (low >>> 0 < c >>> 0 ? 1 : 0)) | 0
  c = low
  swap = (b << 17) | (B >>> 15)
  B = ((B << 17) | (b >>> 15)) ^ C
  b = swap ^ c
  v[0] = a
  v[1] = A
  v[2] = b
  v[3] = B
  v[4] = C
  v[5] = c
  v[6] = d
  v[7] = D
}
