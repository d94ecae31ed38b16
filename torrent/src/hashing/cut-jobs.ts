import type { HashJob, HashPart, HashStamp } from './job.ts'

/** A file among the bytes of a torrent, and the number of zeros that a pad file puts after it. */
export interface CutSource {
  readonly path: string
  readonly sizeBytes: number
  readonly stamp: HashStamp | null
  readonly padBytes: number
}

/**
 * The target size of a job: large enough that the cost of a message does not matter, small enough that threads finish
 * at about the same time.
 */
const jobBytes = 4 * 2 ** 20
const jobFiles = 1024

export interface CutOptions {
  readonly pieceLengthBytes: number
  /** Whether each file starts a piece (BEP 52). */
  readonly isAligned: boolean
  /** Whether a job is a single piece; by default, it is as large as suits a thread. */
  readonly grain?: 'piece'
}

/** Cuts the work into jobs of whole pieces, in order, one at a time. */
export function* cutJobs(
  sources: Iterable<CutSource>,
  { pieceLengthBytes, isAligned, grain }: CutOptions,
): Generator<HashJob> {
  const piecesEach = grain === 'piece' ? 1 : Math.max(Math.floor(jobBytes / pieceLengthBytes), 1)
  const mostFiles = grain === 'piece' ? 1 : jobFiles
  const targetBytes = piecesEach * pieceLengthBytes
  let parts: HashPart[] = []
  let firstPiece = 0
  let filled = 0
  let target = targetBytes
  function* close(): Generator<HashJob> {
    if (parts.length > 0) yield { firstPiece, parts }
    firstPiece += Math.ceil(filled / pieceLengthBytes)
    parts = []
    filled = 0
    target = targetBytes
  }
  for (const { path, sizeBytes, stamp, padBytes } of sources) {
    const isLarge = isAligned && sizeBytes >= targetBytes
    // A large file gets jobs of its own, so that these stay the same when a file before it changes.
    if (isLarge) yield* close()
    const endBytes = sizeBytes + padBytes
    for (let from = 0; from < endBytes; ) {
      const stretch = Math.min(endBytes - from, target - filled)
      const length = Math.max(Math.min(sizeBytes - from, stretch), 0)
      parts.push({
        path,
        sizeBytes,
        stamp,
        from: Math.min(from, sizeBytes),
        length,
        padBytes: stretch - length,
      })
      from += stretch
      filled += stretch
      // For tiny files, a job ends with the piece that is being filled.
      if (parts.length === mostFiles) target = Math.ceil(filled / pieceLengthBytes) * pieceLengthBytes
      if (filled >= target) yield* close()
    }
    if (isAligned) filled = Math.ceil(filled / pieceLengthBytes) * pieceLengthBytes
    if (isLarge || filled >= target) yield* close()
  }
  yield* close()
}
