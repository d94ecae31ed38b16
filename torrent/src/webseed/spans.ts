import type { Metainfo, MetainfoFile } from '../metainfo.ts'

/** The part of a file that is in a piece. */
export interface SpanPart {
  readonly file: MetainfoFile
  readonly from: number
  readonly length: number
  /** The offset of the part in the piece. */
  readonly at: number
}

/** A piece and the parts of files in it; the bytes between them are zeros. */
export interface PieceSpan {
  readonly piece: number
  readonly length: number
  readonly parts: readonly SpanPart[]
}

/** Iterates over the files once and yields the wanted pieces (null means all) in order. */
export function* spansOfPieces(metainfo: Metainfo, wanted: ReadonlySet<number> | null): Generator<PieceSpan> {
  const { pieceLengthBytes, paddedSizeBytes } = metainfo
  let piece = -1
  let parts: SpanPart[] = []
  const current = (): PieceSpan => ({
    piece,
    length: Math.min(pieceLengthBytes, paddedSizeBytes - piece * pieceLengthBytes),
    parts,
  })
  for (const file of metainfo.iterateFiles()) {
    for (let from = 0; from < file.sizeBytes; ) {
      const position = file.offset + from
      const here = Math.floor(position / pieceLengthBytes)
      const at = position - here * pieceLengthBytes
      const length = Math.min(pieceLengthBytes - at, file.sizeBytes - from)
      if (here !== piece) {
        if (parts.length > 0) yield current()
        parts = []
        piece = here
      }
      if (!wanted || wanted.has(piece)) parts.push({ file, from, length, at })
      from += length
    }
  }
  if (parts.length > 0) yield current()
}
