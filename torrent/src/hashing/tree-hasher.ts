import { hash } from 'node:crypto'
import { blockBytes, merkleRoot, nextPowerOfTwo } from '../merkle.ts'

/** Computes the root of the 16 KiB blocks of each piece (BEP 52), and writes each to its place in `roots`. */
export interface TreeHasher {
  start(piece: number): void
  /** Begins a part of a file of this size, at the start of a piece. */
  startPart(fileBytes: number): void
  /** Adds whole blocks; only the last block of a file may be shorter. */
  add(chunk: Buffer): void
  /** Skips bytes that cannot be read: the pieces that contain them keep the root they had. */
  skip(count: number): void
  endPart(): void
}

export function treeHasher(pieceLengthBytes: number, roots: Buffer): TreeHasher {
  const blocksPerPiece = pieceLengthBytes / blockBytes
  const leaves = Buffer.alloc(blocksPerPiece * 32)
  let piece = 0
  let filled = 0
  let fileBytes = 0
  let isSpoilt = false

  function close(): void {
    if (!isSpoilt) {
      const count = Math.ceil(filled / blockBytes)
      // The tree of a file within one piece is only as wide as the file needs; other trees are as wide as a piece.
      const width = fileBytes <= pieceLengthBytes ? nextPowerOfTwo(count) : blocksPerPiece
      roots.set(merkleRoot(leaves.subarray(0, count * 32), width), piece * 32)
    }
    piece++
    filled = 0
    isSpoilt = false
  }

  return {
    start(first) {
      piece = first
      filled = 0
      isSpoilt = false
    },
    startPart(bytes) {
      fileBytes = bytes
    },
    add(chunk) {
      for (let at = 0; at < chunk.length; at += blockBytes) {
        const block = chunk.subarray(at, at + blockBytes)
        // The digest is a string on the heap: a Buffer per block would use memory that is freed only when the collector
        // gets to it.
        leaves.write(hash('sha256', block, 'binary'), (filled / blockBytes) * 32, 'latin1')
        filled += block.length
        if (filled === pieceLengthBytes) close()
      }
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
    endPart() {
      if (filled > 0) close()
    },
  }
}
