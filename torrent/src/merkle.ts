import { hash } from 'node:crypto'

/** The size in bytes of a leaf of a v2 hash tree (BEP 52). */
export const blockBytes = 16_384

/**
 * The Merkle root of the `count` SHA-256 digests in `layer`, filled up to `width` leaves (a power of two) with `pad`
 * (BEP 52). Overwrites `layer`.
 */
export function merkleRoot(layer: Buffer, width: number, pad: Buffer = zeroDigest): Buffer {
  let count = layer.length / digestBytes
  if (count === 0) throw new RangeError('a Merkle tree needs a leaf')
  for (; width > 1; width /= 2) {
    const parents = Math.ceil(count / 2)
    for (let i = 0; i < parents; i++) {
      const left = 2 * i * digestBytes
      const full = 2 * i + 1 < count
      const children = full
        ? layer.subarray(left, left + 64)
        : Buffer.concat([layer.subarray(left, left + 32), pad])
      layer.write(hash('sha256', children, 'binary'), i * digestBytes, 'latin1')
    }
    count = parents
    pad = hash('sha256', Buffer.concat([pad, pad]), 'buffer')
  }
  return Buffer.from(layer.subarray(0, digestBytes))
}

/** The root of a subtree of `leaves` (a power of two) zero digests, which fills up a piece layer. */
export function padRoot(leaves: number): Buffer {
  let pad: Buffer = zeroDigest
  for (; leaves > 1; leaves /= 2) pad = hash('sha256', Buffer.concat([pad, pad]), 'buffer')
  return pad
}

/** The root of a file from its piece layer, which has one digest per piece, in order. */
export function rootOfPieceLayer(layer: Uint8Array, pieceLengthBytes: number): Buffer {
  const count = layer.length / digestBytes
  return merkleRoot(Buffer.from(layer), nextPowerOfTwo(count), padRoot(pieceLengthBytes / blockBytes))
}

/** The smallest power of two that is at least `n`. */
export function nextPowerOfTwo(n: number): number {
  let power = 1
  while (power < n) power *= 2
  return power
}

const digestBytes = 32
const zeroDigest = Buffer.alloc(digestBytes)
