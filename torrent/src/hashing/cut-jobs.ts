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

/** Cuts the work into jobs of whole pieces, in order, one at a time. If aligned, each file starts a piece (BEP 52). */
export function* cutJobs(
  sources: Iterable<CutSource>,
  { pieceLengthBytes, isAligned }: { readonly pieceLengthBytes: number; readonly isAligned: boolean },
): Generator<HashJob> {
  const targetBytes = Math.max(Math.floor(jobBytes / pieceLengthBytes), 1) * pieceLengthBytes
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
      if (parts.length === jobFiles) target = Math.ceil(filled / pieceLengthBytes) * pieceLengthBytes
      if (filled >= target) yield* close()
    }
    if (isAligned) filled = Math.ceil(filled / pieceLengthBytes) * pieceLengthBytes
    if (isLarge || filled >= target) yield* close()
  }
  yield* close()
}
