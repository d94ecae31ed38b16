import type { HashJob, HashPart, HashPlan } from '@holdfast/torrent/create-streamed'
import type { KnownFile } from '../remote-file.ts'
import { readStates } from './running-checksum.ts'
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
  /** The zeros after the file in v1, in an aligned layout. */
  readonly padBytes: number
}

/** A file is cut into so many stretches at most, and into none that is smaller, for connections to share it. */
const maxStretches = 16
const minStretchBytes = 2 ** 30

export interface UnitPlan {
  readonly plan: HashPlan
  readonly sourceOf: (identity: string) => UnitSource
  /** What was stored with the piece before a missing one. */
  readonly noteBefore: (piece: HashJob) => Uint8Array | undefined
}

/**
 * Joins consecutive pieces into units that one request can bring: a whole file, or a stretch of a large one. What must
 * be read in one go (a file with a checksum, or from a server that knows no ranges) is not cut. Without alignment, as in
 * v1, a unit goes through several files.
 */
export function* planUnits(pieces: Iterable<HashJob>, unitPlan: UnitPlan): Generator<PlannedUnit> {
  const { sourceOf, plan } = unitPlan
  const { pieceLengthBytes } = plan
  const isAligned = plan.sha256 !== null
  let run: HashJob[] = []
  let bytes = 0
  let inOneGo: string | undefined
  const close = (): PlannedUnit => {
    const planned = unitOf(run, sourceOf)
    run = []
    bytes = 0
    return planned
  }
  for (const piece of pieces) {
    const { path } = piece.parts[0]!
    if (path === inOneGo) continue
    const before = run.at(-1)
    if (before) {
      const isNext = piece.firstPiece === before.firstPiece + 1
      const isSameFile = before.parts.at(-1)!.path === path
      const mostBytes = isAligned ? stretchBytes(sourceOf(path).file) : minStretchBytes
      if (!isNext || (isAligned && !isSameFile) || bytes + pieceLengthBytes > mostBytes) yield close()
    }
    if (isAligned && sourceOf(path).file.checksums.length > 0) {
      inOneGo = path
      yield toTheEnd(piece, unitPlan)
      continue
    }
    run.push(piece)
    bytes += pieceLengthBytes
  }
  if (run.length > 0) yield close()
}

/**
 * The unit of a file with checksums: from its first missing piece to its end if the state of each checksum is known there, else
 * from its start.
 */
function toTheEnd(missing: HashJob, { plan, sourceOf, noteBefore }: UnitPlan): PlannedUnit {
  const [part] = missing.parts as [HashPart]
  const { file } = sourceOf(part.path)
  const states = part.from === 0 ? undefined : readStates(noteBefore(missing), file.checksums)
  const start = states ? part.from : 0
  const firstPiece = missing.firstPiece - (part.from - start) / plan.pieceLengthBytes
  const pieces: HashJob[] = []
  for (let from = start; from < file.sizeBytes; from += plan.pieceLengthBytes) {
    const length = Math.min(plan.pieceLengthBytes, file.sizeBytes - from)
    const isLast = from + length === file.sizeBytes
    const padBytes = isLast ? sourceOf(part.path).padBytes : 0
    pieces.push({ firstPiece: firstPiece + pieces.length, parts: [{ ...part, from, length, padBytes }] })
  }
  const planned = unitOf(pieces, sourceOf)
  const [only] = planned.unit.parts as [UnitPart]
  return { ...planned, unit: { ...planned.unit, parts: [{ ...only, states }] } }
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
