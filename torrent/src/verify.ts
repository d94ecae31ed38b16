import { resolve } from 'node:path'
import { type CreateProgress, progressMeter } from './create/progress.ts'
import { type CutSource, cutJobs } from './hashing/cut-jobs.ts'
import type { HashPlan } from './hashing/job.ts'
import { runJobs } from './hashing/pool.ts'
import type { Metainfo, MetainfoFile } from './metainfo.ts'
import { badPiecesV1, badPiecesV2, type PieceRange, toRanges } from './verify/compare.ts'
import { filesOnDisk, findRoot, type OnDisk } from './verify/on-disk.ts'

export type { PieceRange } from './verify/compare.ts'

export interface VerifyOptions {
  /** Which hashes to check; by default all that the torrent has. */
  readonly by?: 'v1' | 'v2' | 'both'
  readonly threads?: number
  /** Whether `path` is the torrent's file or directory itself, whatever its name; otherwise it is looked for in `path`. */
  readonly isRoot?: boolean
  readonly signal?: AbortSignal
}

export interface FileProblem {
  /** The path under the root. */
  readonly path: string
  /**
   * `unverifiable`: the bytes may be correct, but every piece in doubt is shared with a file that is missing or cut
   * short. `kind`: there is something other than a file, or than a symlink if the torrent has one. `target`: a symlink
   * with another target.
   */
  readonly problem: 'missing' | 'kind' | 'unreadable' | 'target' | 'size' | 'bad' | 'unverifiable'
  readonly expectedBytes: number
  /** Null if there is no file that can be read. */
  readonly actualBytes: number | null
  readonly badPieces: readonly PieceRange[]
}

export interface VerifyReport {
  /** Whether every byte is there and correct. Extra files do not matter. */
  readonly ok: boolean
  readonly root: string
  readonly fileCount: number
  readonly pieceCount: number
  readonly badPieceCount: number
  readonly badPieces: readonly PieceRange[]
  readonly problems: readonly FileProblem[]
  /** Files under the root that are not in the torrent. */
  readonly extra: readonly string[]
  /** Files that are correct, but named in another Unicode form than in the torrent. */
  readonly otherForms: readonly { readonly path: string; readonly onDisk: string }[]
}

/**
 * Compares files on disk with a torrent, piece by piece, in worker threads. `path` is the torrent's file or directory,
 * or a directory that contains it. Rejects only if aborted or if the torrent has none of the hashes to check.
 */
export async function verifyFiles(
  metainfo: Metainfo,
  path: string,
  options: VerifyOptions = {},
  onProgress?: (progress: CreateProgress) => void,
): Promise<VerifyReport> {
  const root = options.isRoot ? resolve(path) : findRoot(metainfo, resolve(path))
  const disk = filesOnDisk(metainfo, root)
  const by = chooseHashes(metainfo, options.by ?? 'both')
  const plan = planFor(metainfo, by)
  const meter = progressMeter(onProgress)
  const stop = meter.hashing(plan.bytesRead, { length: metainfo.fileCount, sizeBytes: metainfo.sizeBytes })
  try {
    const isAligned = metainfo.infoHashV2 !== null
    const { pieceLengthBytes } = metainfo
    await runJobs(cutJobs(sources(metainfo, disk), { pieceLengthBytes, isAligned }), plan, options)
  } finally {
    stop()
  }
  const bad = new Uint8Array(pieceCount(metainfo))
  if (plan.sha1) badPiecesV1(metainfo, Buffer.from(plan.sha1), bad)
  if (plan.sha256) badPiecesV2(metainfo, Buffer.from(plan.sha256), bad)
  const problems = [...findProblems(metainfo, disk, bad)]
  const badPieces = toRanges(bad, 0, bad.length)
  return {
    ok: problems.length === 0 && badPieces.length === 0,
    root,
    fileCount: metainfo.fileCount,
    pieceCount: bad.length,
    badPieceCount: badPieces.reduce((sum, { first, last }) => sum + last - first + 1, 0),
    badPieces,
    problems,
    extra: metainfo.isSingleFile ? [] : await disk.findExtra(),
    otherForms: [...disk.otherForms].map(([path, onDisk]) => ({ path, onDisk })),
  }
}

function chooseHashes({ infoHashV1, infoHashV2 }: Metainfo, by: 'v1' | 'v2' | 'both') {
  const chosen = { v1: infoHashV1 !== null && by !== 'v2', v2: infoHashV2 !== null && by !== 'v1' }
  if (!chosen.v1 && !chosen.v2) throw new Error(`The torrent has no ${by} hashes to check by.`)
  return chosen
}

function pieceCount({ paddedSizeBytes, pieceLengthBytes }: Metainfo): number {
  return Math.ceil(paddedSizeBytes / pieceLengthBytes)
}

function planFor(metainfo: Metainfo, by: { v1: boolean; v2: boolean }): HashPlan {
  const pieces = pieceCount(metainfo)
  return {
    pieceLengthBytes: metainfo.pieceLengthBytes,
    sha1: by.v1 ? new SharedArrayBuffer(pieces * 20) : null,
    sha256: by.v2 ? new SharedArrayBuffer(pieces * 32) : null,
    bytesRead: new SharedArrayBuffer(8),
    onBadFile: 'leave',
  }
}

/** The files, with the pad bytes between each and the next. */
function* sources(metainfo: Metainfo, disk: OnDisk): Generator<CutSource> {
  let last: MetainfoFile | null = null
  const place = (file: MetainfoFile, next: number): CutSource => ({
    path: disk.placeOf(file),
    sizeBytes: file.sizeBytes,
    stamp: null,
    padBytes: next - file.offset - file.sizeBytes,
  })
  for (const file of metainfo.iterateFiles()) {
    if (file.sizeBytes === 0) continue
    if (last) yield place(last, file.offset)
    else if (file.offset > 0) yield { path: disk.root, sizeBytes: 0, stamp: null, padBytes: file.offset }
    last = file
  }
  if (last) yield place(last, metainfo.paddedSizeBytes)
}

function* findProblems(metainfo: Metainfo, disk: OnDisk, bad: Uint8Array): Generator<FileProblem> {
  const incomplete = piecesOfIncomplete(metainfo, disk)
  for (const file of metainfo.iterateFiles()) {
    const found = disk.look(file)
    const { first, end } = piecesOf(metainfo, file)
    const badPieces = toRanges(bad, first, end)
    const actualBytes = found.is === 'file' ? found.sizeBytes : null
    const describe = (problem: FileProblem['problem']): FileProblem => ({
      path: file.path.join('/'),
      problem,
      expectedBytes: file.sizeBytes,
      actualBytes,
      badPieces,
    })
    if (found.is === 'nothing') yield describe('missing')
    else if (found.is === 'unreadable') yield describe('unreadable')
    else if (found.is === 'other') yield describe('kind')
    else if (found.is === 'link') {
      if (!found.isRight) yield describe('target')
    } else if (actualBytes !== file.sizeBytes) yield describe('size')
    else if (badPieces.length > 0)
      yield describe(badPieces.some((range) => !isCovered(range, incomplete)) ? 'bad' : 'unverifiable')
  }
}

/** The pieces that cannot be correct because one of their files is missing or has another size. */
function piecesOfIncomplete(metainfo: Metainfo, disk: OnDisk): Set<number> {
  const pieces = new Set<number>()
  // If each file starts a piece, no other file shares these pieces.
  if (metainfo.infoHashV2 !== null) return pieces
  for (const file of metainfo.iterateFiles()) {
    if (file.sizeBytes === 0) continue
    const found = disk.look(file)
    if (found.is === 'file' && found.sizeBytes === file.sizeBytes) continue
    const { first, end } = piecesOf(metainfo, file)
    for (let piece = first; piece < end; piece++) pieces.add(piece)
  }
  return pieces
}

function isCovered({ first, last }: PieceRange, pieces: ReadonlySet<number>): boolean {
  for (let piece = first; piece <= last; piece++) if (!pieces.has(piece)) return false
  return true
}

function piecesOf({ pieceLengthBytes }: Metainfo, { offset, sizeBytes }: MetainfoFile) {
  const first = Math.floor(offset / pieceLengthBytes)
  return { first, end: sizeBytes === 0 ? first : Math.ceil((offset + sizeBytes) / pieceLengthBytes) }
}
