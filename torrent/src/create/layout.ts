import type { CutSource } from '../hashing/cut-jobs.ts'
import type { HashPlan } from '../hashing/job.ts'
import type { FileTable } from './file-table.ts'

/** How files are laid out among the pieces. */
export interface Layout {
  readonly version: 'v1' | 'v2' | 'hybrid'
  readonly pieceLengthBytes: number
  /** Whether each file starts a piece (BEP 52); in a v1 torrent, files follow one another directly. */
  readonly isAligned: boolean
  /** Whether the last file's piece is padded too, which is so except in a torrent of one file. */
  readonly padsTail: boolean
  readonly pieceCount: number
}

const minPieceBytes = 16 * 1024
const maxAutoPieceBytes = 16 * 2 ** 20

/** Lays out `files`. The piece length must be a power of two, by BEP 52 and, in v1, by custom. Throws RangeError. */
export function layOut(files: FileTable, version: Layout['version'], pieceLengthBytes: number): Layout {
  if (
    !Number.isInteger(Math.log2(pieceLengthBytes)) ||
    pieceLengthBytes < minPieceBytes ||
    pieceLengthBytes > 2 ** 29
  )
    throw new RangeError(
      `A piece length is a power of two from 16 KiB to 512 MiB, not ${pieceLengthBytes} bytes.`,
    )
  const isAligned = version !== 'v1'
  let pieceCount = isAligned ? 0 : Math.ceil(files.sizeBytes / pieceLengthBytes)
  if (isAligned)
    for (let i = 0; i < files.length; i++) pieceCount += Math.ceil(files.sizeAt(i) / pieceLengthBytes)
  return { version, pieceLengthBytes, isAligned, padsTail: files.length > 1, pieceCount }
}

/**
 * Aims at about 2,000 pieces, of 16 KiB to 16 MiB each; pieces are larger only if a torrent would otherwise have more
 * than a million.
 */
function automaticPieceLength(sizeBytes: number): number {
  let length = minPieceBytes
  while (length < maxAutoPieceBytes && sizeBytes / length > 2000) length *= 2
  while (length < 2 ** 29 && sizeBytes / length > 2 ** 20) length *= 2
  return length
}

/**
 * The piece length with which nearly every file is one piece, so that a chunk's `piecesRoot` is the hash of its piece:
 * the smallest length that is enough for 95 of 100 files.
 */
function chunkPieceLength(files: FileTable): number {
  const sizes = Float64Array.from({ length: files.length }, (_, index) => files.sizeAt(index))
  sizes.sort()
  const typical = sizes[Math.ceil(sizes.length * 0.95) - 1] ?? 0
  let length = minPieceBytes
  while (length < maxAutoPieceBytes && length < typical) length *= 2
  return length
}

/** The piece length that is asked for, or else one that suits the files. Throws an Error for chunks in v1. */
export function choosePieceLength(
  files: FileTable,
  version: Layout['version'],
  {
    pieceLengthBytes,
    layout,
  }: { pieceLengthBytes?: number | undefined; layout?: 'auto' | 'chunks' | undefined },
): number {
  if (pieceLengthBytes !== undefined) return pieceLengthBytes
  if (layout !== 'chunks') return automaticPieceLength(files.sizeBytes)
  if (version === 'v1')
    throw new Error('Chunks are found by their v2 piecesRoot: make a v2 or hybrid torrent of them.')
  return chunkPieceLength(files)
}

/** Buffers for the digests of all pieces, shared between threads. */
export function hashPlan({ version, pieceCount, pieceLengthBytes }: Layout): HashPlan {
  return {
    pieceLengthBytes,
    sha1: version === 'v2' ? null : new SharedArrayBuffer(pieceCount * 20),
    sha256: version === 'v1' ? null : new SharedArrayBuffer(pieceCount * 32),
    bytesRead: new SharedArrayBuffer(8),
    onBadFile: 'throw',
  }
}

/** The files in the form that the hashing jobs need. */
export function* hashSources(files: FileTable, layout: Layout): Generator<CutSource> {
  for (let index = 0; index < files.length; index++) {
    if (files.sizeAt(index) === 0) continue
    const sizeBytes = files.sizeAt(index)
    const padBytes = padBytesAfter(sizeBytes, layout)
    yield { path: files.diskPathAt(index), sizeBytes, stamp: files.statAt(index), padBytes }
  }
}

/** The zeros after a file of this size, which only SHA-1 includes: a hybrid torrent has pad files (BEP 47). */
export function padBytesAfter(
  sizeBytes: number,
  { version, padsTail, pieceLengthBytes }: Pick<Layout, 'version' | 'padsTail' | 'pieceLengthBytes'>,
): number {
  return version === 'hybrid' && padsTail ? -sizeBytes & (pieceLengthBytes - 1) : 0
}
