import { createHash, hash } from 'node:crypto'
import { blockBytes, merkleRoot, nextPowerOfTwo } from '../merkle.ts'
import type { Metainfo } from '../metainfo.ts'
import type { PieceSpan } from './spans.ts'

/** Takes a piece's bytes in order, however they are cut, and says at the end whether they are right. */
export interface PieceCheck {
  readonly add: (chunk: Uint8Array) => void
  /** Pad files: zeros up to this offset in the piece. */
  zerosUpTo(offset: number): void
  /** Null when the hashes agree. */
  finish(): string | null
}

export function startPieceCheck(metainfo: Metainfo, span: PieceSpan): PieceCheck {
  const sha1 = metainfo.pieces ? createHash('sha1') : null
  const root = expectedRoot(metainfo, span)
  if (!sha1 && !root) throw new Error('the torrent lacks the piece layer to check this piece by')
  const blocks = root ? blockHasher() : null
  // Only what a file holds is in its hash tree; the pad behind it is not.
  const contentBytes = span.parts.reduce((sum, { length }) => sum + length, 0)
  let offset = 0
  const add = (chunk: Uint8Array) => {
    sha1?.update(chunk)
    if (offset < contentBytes) blocks?.add(chunk.subarray(0, contentBytes - offset))
    offset += chunk.length
  }
  return {
    add,
    zerosUpTo(end) {
      while (offset < end) add(zeros.subarray(0, Math.min(zeros.length, end - offset)))
    },
    finish() {
      const expected = metainfo.pieces?.subarray(span.piece * 20, span.piece * 20 + 20)
      if (sha1 && Buffer.compare(sha1.digest(), expected!) !== 0) return 'the SHA-1 (v1) differs'
      if (blocks && root && !blocks.root(root.width).equals(root.digest)) return 'the SHA-256 (v2) differs'
      return null
    },
  }
}

/** What the block tree of the piece must come to; null in v1, or without the layer. */
function expectedRoot(metainfo: Metainfo, { parts }: PieceSpan): { digest: Buffer; width: number } | null {
  const { file, from } = parts[0]!
  if (file.piecesRoot === null) return null
  const { pieceLengthBytes } = metainfo
  if (file.sizeBytes <= pieceLengthBytes)
    return {
      digest: Buffer.from(file.piecesRoot, 'hex'),
      width: nextPowerOfTwo(Math.ceil(file.sizeBytes / blockBytes)),
    }
  const layer = metainfo.pieceLayer(file.piecesRoot)
  const index = from / pieceLengthBytes
  return (
    layer && {
      digest: Buffer.from(layer.subarray(index * 32, index * 32 + 32)),
      width: pieceLengthBytes / blockBytes,
    }
  )
}

function blockHasher() {
  const leaves: Buffer[] = []
  const block = Buffer.alloc(blockBytes)
  let filled = 0
  return {
    add(chunk: Uint8Array): void {
      for (let at = 0; at < chunk.length; ) {
        const length = Math.min(blockBytes - filled, chunk.length - at)
        block.set(chunk.subarray(at, at + length), filled)
        filled += length
        at += length
        if (filled < blockBytes) continue
        leaves.push(hash('sha256', block, 'buffer'))
        filled = 0
      }
    },
    root(width: number): Buffer {
      if (filled > 0) leaves.push(hash('sha256', block.subarray(0, filled), 'buffer'))
      return merkleRoot(Buffer.concat(leaves), width)
    },
  }
}

const zeros = Buffer.alloc(64 * 1024)
