import { createHash, hash } from 'node:crypto'
import { blockBytes, merkleRoot, nextPowerOfTwo } from '../merkle.ts'
import type { Metainfo } from '../metainfo.ts'
import type { PieceSpan } from './spans.ts'

/** Receives a piece's bytes in order, in chunks of any size, and says at the end whether they are correct. */
export interface PieceCheck {
  readonly add: (chunk: Uint8Array) => void
  /** Adds the zeros of pad files up to this offset in the piece. */
  zerosUpTo(offset: number): void
  /** Null if the hashes match, else what differs. */
  finish(): string | null
}

/** The hashes that a piece must have: v1, v2, or both. */
export interface PieceHashes {
  readonly sha1: Uint8Array | null
  /** The root of the tree of its blocks, and the width of that tree in leaves. */
  readonly root: { readonly digest: Uint8Array; readonly width: number } | null
}

export function hashesOf(metainfo: Metainfo, span: PieceSpan): PieceHashes {
  const sha1 = metainfo.pieces?.subarray(span.piece * 20, span.piece * 20 + 20)
  return {
    // This is a copy, because sending a view to another thread also sends the whole buffer behind it.
    sha1: sha1 ? new Uint8Array(sha1) : null,
    root: expectedRoot(metainfo, span),
  }
}

export function startPieceCheck(metainfo: Metainfo, span: PieceSpan): PieceCheck {
  return startHashCheck(hashesOf(metainfo, span), span)
}

/** Starts a check; throws an Error if there is no hash to compare with. */
export function startHashCheck(expected: PieceHashes, span: PieceSpan): PieceCheck {
  const { root } = expected
  const sha1 = expected.sha1 ? createHash('sha1') : null
  if (!sha1 && !root) throw new Error('the torrent lacks the piece layer to check this piece by')
  const blocks = root ? blockHasher() : null
  // The hash tree covers only the content of a file, not the padding after it.
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
      if (sha1 && Buffer.compare(sha1.digest(), expected.sha1!) !== 0) return 'the SHA-1 (v1) differs'
      if (blocks && root && !blocks.root(root.width).equals(root.digest)) return 'the SHA-256 (v2) differs'
      return null
    },
  }
}

/** The root that the piece's block tree must have; null in v1, or without the piece layer. */
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
