import { rootOfPieceLayer } from '../merkle.ts'
import type { Metainfo } from '../metainfo.ts'

/** A range of pieces by index, with both ends included. */
export interface PieceRange {
  readonly first: number
  readonly last: number
}

/** Marks the pieces whose SHA-1 is not that of `info.pieces` (BEP 3). */
export function badPiecesV1({ pieces }: Metainfo, digests: Buffer, bad: Uint8Array): void {
  for (let piece = 0; piece < bad.length; piece++) {
    const [at, end] = [piece * 20, piece * 20 + 20]
    if (Buffer.compare(pieces!.subarray(at, end), digests.subarray(at, end)) !== 0) bad[piece] = 1
  }
}

/**
 * Marks the pieces whose block root is not that of the piece layer. If a bad file has no layer to compare with, all of
 * its pieces are marked.
 */
export function badPiecesV2(metainfo: Metainfo, roots: Buffer, bad: Uint8Array): void {
  const { pieceLengthBytes } = metainfo
  for (const { piecesRoot, offset, sizeBytes } of metainfo.iterateFiles()) {
    if (piecesRoot === null) continue
    const first = offset / pieceLengthBytes
    const count = Math.ceil(sizeBytes / pieceLengthBytes)
    const found = roots.subarray(first * 32, (first + count) * 32)
    const layer = count === 1 ? Buffer.from(piecesRoot, 'hex') : metainfo.pieceLayer(piecesRoot)
    if (!layer) {
      const root = rootOfPieceLayer(found, pieceLengthBytes)
      if (root.toString('hex') !== piecesRoot) bad.fill(1, first, first + count)
      continue
    }
    for (let i = 0; i < count; i++)
      if (Buffer.compare(layer.subarray(i * 32, i * 32 + 32), found.subarray(i * 32, i * 32 + 32)) !== 0)
        bad[first + i] = 1
  }
}

/** The marked pieces of `[from, end)` as ranges. */
export function toRanges(marks: Uint8Array, from: number, end: number): PieceRange[] {
  const ranges: PieceRange[] = []
  for (let piece = from; piece < end; piece++) {
    if (marks[piece] === 0) continue
    const first = piece
    while (piece + 1 < end && marks[piece + 1] !== 0) piece++
    ranges.push({ first, last: piece })
  }
  return ranges
}
