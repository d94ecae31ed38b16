import { createHash, type Hash, hash } from 'node:crypto'

/** Computes the SHA-1 of a stream that is cut into pieces (BEP 3), and writes each digest to its place in `digests`. */
export interface PieceHasher {
  start(piece: number): void
  add(chunk: Buffer): void
  addZeros(count: number): void
  /** Skips bytes that cannot be read: the pieces that contain them keep the digest they had. */
  skip(count: number): void
  /** Finishes the last piece, which may be short. */
  finish(): void
}

export function pieceHasher(pieceLengthBytes: number, digests: Buffer): PieceHasher {
  let piece = 0
  let filled = 0
  let running: Hash | null = null
  let isSpoilt = false

  function add(chunk: Buffer): void {
    for (let at = 0; at < chunk.length; ) {
      const length = Math.min(pieceLengthBytes - filled, chunk.length - at)
      const stretch = at === 0 && length === chunk.length ? chunk : chunk.subarray(at, at + length)
      at += length
      if (length === pieceLengthBytes) {
        digests.write(hash('sha1', stretch, 'binary'), piece++ * 20, 'latin1')
        continue
      }
      running ??= createHash('sha1')
      running.update(stretch)
      filled += length
      if (filled === pieceLengthBytes) close()
    }
  }

  function close(): void {
    if (!isSpoilt && running) digests.write(running.digest('binary'), piece * 20, 'latin1')
    piece++
    filled = 0
    running = null
    isSpoilt = false
  }

  return {
    start(first) {
      piece = first
      filled = 0
      running = null
      isSpoilt = false
    },
    add,
    addZeros(count) {
      for (; count > 0; count -= zeros.length) add(count < zeros.length ? zeros.subarray(0, count) : zeros)
    },
    skip(count) {
      while (count > 0) {
        const length = Math.min(pieceLengthBytes - filled, count)
        isSpoilt = true
        filled += length
        count -= length
        if (filled === pieceLengthBytes) close()
      }
    },
    finish() {
      if (filled > 0) close()
    },
  }
}

const zeros = Buffer.alloc(256 * 1024)
