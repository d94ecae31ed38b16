import type { HashJob, HashPart, HashPlan } from '@holdfast/torrent/create-streamed'
import type { KnownFile } from '../remote-file.ts'
import type { Unit, UnitPart } from './unit.ts'

/** The pieces of a unit, each as the job that the state file knows. */
export interface PlannedUnit {
  readonly unit: Unit
  readonly pieces: readonly HashJob[]
  readonly hosts: ReadonlySet<number>
}

export interface UnitSource {
  readonly file: KnownFile
  readonly host: number
  readonly keptAt: string | undefined
}

/** A file is cut into so many stretches at most, and into none that is smaller, for connections to share it. */
const maxStretches = 16
const minStretchBytes = 256 * 2 ** 20

/**
 * Joins consecutive pieces into units that one request can bring: a whole file, or a stretch of a large one. What must
 * be read in one go (a file with a checksum, or from a server that knows no ranges) is not cut. Without alignment, as in
 * v1, a unit goes through several files.
 */
export function* planUnits(
  pieces: Iterable<HashJob>,
  { pieceLengthBytes, sha256 }: HashPlan,
  sourceOf: (identity: string) => UnitSource,
): Generator<PlannedUnit> {
  const isAligned = sha256 !== null
  let run: HashJob[] = []
  let bytes = 0
  const close = (): PlannedUnit => {
    const planned = unitOf(run, sourceOf)
    run = []
    bytes = 0
    return planned
  }
  for (const piece of pieces) {
    const before = run.at(-1)
    if (before) {
      const isNext = piece.firstPiece === before.firstPiece + 1
      const isSameFile = before.parts.at(-1)!.path === piece.parts[0]!.path
      const mostBytes = isAligned ? stretchBytes(sourceOf(piece.parts[0]!.path).file) : minStretchBytes
      if (!isNext || (isAligned && !isSameFile) || bytes + pieceLengthBytes > mostBytes) yield close()
    }
    run.push(piece)
    bytes += pieceLengthBytes
  }
  if (run.length > 0) yield close()
}

function stretchBytes({ sizeBytes, checksums, takesRanges }: KnownFile): number {
  if (checksums.length > 0 || !takesRanges) return Number.POSITIVE_INFINITY
  return Math.max(minStretchBytes, Math.ceil(sizeBytes / maxStretches))
}

function unitOf(pieces: readonly HashJob[], sourceOf: (identity: string) => UnitSource): PlannedUnit {
  const parts: { part: HashPart; from: number; length: number; padBytes: number }[] = []
  for (const { parts: partsOfPiece } of pieces)
    for (const part of partsOfPiece) {
      const before = parts.at(-1)
      if (before?.part.path === part.path && before.from + before.length === part.from) {
        before.length += part.length
        before.padBytes += part.padBytes
      } else parts.push({ part, from: part.from, length: part.length, padBytes: part.padBytes })
    }
  const hosts = new Set<number>()
  const unitParts = parts.map(({ part, from, length, padBytes }): UnitPart => {
    const { file, host, keptAt } = sourceOf(part.path)
    hosts.add(host)
    const { url, sizeBytes, etag, lastModified, checksums } = file
    return { url, sizeBytes, etag, lastModified, host, from, length, padBytes, checksums, keptAt }
  })
  const unit = { firstPiece: pieces[0]!.firstPiece, pieceCount: pieces.length, parts: unitParts }
  return { unit, pieces, hosts }
}
