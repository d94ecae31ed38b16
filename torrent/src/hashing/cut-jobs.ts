import type { HashJob, HashPart } from './job.ts'

/** A file among the bytes of a torrent, and the zeros that a pad file puts behind it. */
export interface CutSource {
  readonly path: string
  readonly sizeBytes: number
  readonly mtimeMs: number | null
  readonly padBytes: number
}

/** Bytes a job aims at: enough to drown the cost of a message, little enough that threads end together. */
const jobBytes = 4 * 2 ** 20
const jobFiles = 1024

/** Cuts the work into jobs of whole pieces, in order, one at a time. Aligned: each file starts a piece (BEP 52). */
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
  for (const { path, sizeBytes, mtimeMs, padBytes } of sources) {
    const isLarge = isAligned && sizeBytes >= targetBytes
    // A large file has jobs of its own, so that they stay the same when a file before it changes.
    if (isLarge) yield* close()
    const endBytes = sizeBytes + padBytes
    for (let from = 0; from < endBytes; ) {
      const stretch = Math.min(endBytes - from, target - filled)
      const length = Math.max(Math.min(sizeBytes - from, stretch), 0)
      parts.push({
        path,
        sizeBytes,
        mtimeMs,
        from: Math.min(from, sizeBytes),
        length,
        padBytes: stretch - length,
      })
      from += stretch
      filled += stretch
      // Tiny files: a job ends with the piece that is being filled.
      if (parts.length === jobFiles) target = Math.ceil(filled / pieceLengthBytes) * pieceLengthBytes
      if (filled >= target) yield* close()
    }
    if (isAligned) filled = Math.ceil(filled / pieceLengthBytes) * pieceLengthBytes
    if (isLarge || filled >= target) yield* close()
  }
  yield* close()
}
