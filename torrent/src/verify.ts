import { lstatSync, statSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { basename, join, resolve, sep } from 'node:path'
import { type CreateProgress, progressMeter } from './create/progress.ts'
import { type CutSource, cutJobs } from './hashing/cut-jobs.ts'
import type { HashPlan } from './hashing/job.ts'
import { runJobs } from './hashing/pool.ts'
import type { Metainfo, MetainfoFile } from './metainfo.ts'
import { badPiecesV1, badPiecesV2, type PieceRange, toRanges } from './verify/compare.ts'

export type { PieceRange } from './verify/compare.ts'

export interface VerifyOptions {
  /** Which hashes to check; by default all that the torrent has. */
  readonly by?: 'v1' | 'v2' | 'both'
  readonly threads?: number
  readonly signal?: AbortSignal
}

export interface FileProblem {
  /** Under the root. */
  readonly path: string
  /** `unverifiable`: its bytes may be fine, but every piece in doubt is shared with a file that is missing or cut short. */
  readonly problem: 'missing' | 'size' | 'bad' | 'unverifiable'
  readonly expectedBytes: number
  /** Null when missing. */
  readonly actualBytes: number | null
  readonly badPieces: readonly PieceRange[]
}

export interface VerifyReport {
  /** Every byte is there and right. Extra files do not matter. */
  readonly ok: boolean
  readonly root: string
  readonly fileCount: number
  readonly pieceCount: number
  readonly badPieceCount: number
  readonly badPieces: readonly PieceRange[]
  readonly problems: readonly FileProblem[]
  /** Files under the root that the torrent does not know. */
  readonly extra: readonly string[]
}

/**
 * Compares files on disk with a torrent, piece by piece, in worker threads. `path` is the torrent's file or directory, or
 * the directory it lies in. Rejects only when aborted or when the torrent has nothing to check by.
 */
export async function verifyFiles(
  metainfo: Metainfo,
  path: string,
  options: VerifyOptions = {},
  onProgress?: (progress: CreateProgress) => void,
): Promise<VerifyReport> {
  const root = findRoot(metainfo, resolve(path))
  const by = chooseHashes(metainfo, options.by ?? 'both')
  const plan = planFor(metainfo, by)
  const meter = progressMeter(onProgress)
  const stop = meter.hashing(plan.bytesRead, { length: metainfo.fileCount, sizeBytes: metainfo.sizeBytes })
  try {
    const isAligned = metainfo.infoHashV2 !== null
    const { pieceLengthBytes } = metainfo
    await runJobs(cutJobs(sources(metainfo, root), { pieceLengthBytes, isAligned }), plan, options)
  } finally {
    stop()
  }
  const bad = new Uint8Array(pieceCount(metainfo))
  if (plan.sha1) badPiecesV1(metainfo, Buffer.from(plan.sha1), bad)
  if (plan.sha256) badPiecesV2(metainfo, Buffer.from(plan.sha256), bad)
  const problems = [...findProblems(metainfo, root, bad)]
  const badPieces = toRanges(bad, 0, bad.length)
  return {
    ok: problems.length === 0 && badPieces.length === 0,
    root,
    fileCount: metainfo.fileCount,
    pieceCount: bad.length,
    badPieceCount: badPieces.reduce((sum, { first, last }) => sum + last - first + 1, 0),
    badPieces,
    problems,
    extra: metainfo.isSingleFile ? [] : await findExtra(metainfo, root),
  }
}

/** The place of a torrent's file; its path was checked when it was parsed, and is once more against this root. */
export function placeOnDisk(metainfo: Metainfo, root: string, file: MetainfoFile): string {
  if (metainfo.isSingleFile) return root
  const place = join(root, ...file.path)
  if (!place.startsWith(root.endsWith(sep) ? root : root + sep))
    throw new Error(`${file.path.join('/')} would lie outside ${root}.`)
  return place
}

function findRoot({ name, isSingleFile }: Metainfo, path: string): string {
  const stat = statSync(path, { throwIfNoEntry: false })
  if (!stat?.isDirectory()) return path
  const inside = statSync(join(path, name), { throwIfNoEntry: false })
  if (isSingleFile) return join(path, name)
  return basename(path) !== name && inside?.isDirectory() ? join(path, name) : path
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

/** The files with what lies between each and the next: pad files. */
function* sources(metainfo: Metainfo, root: string): Generator<CutSource> {
  let last: MetainfoFile | null = null
  const place = (file: MetainfoFile, next: number): CutSource => ({
    path: placeOnDisk(metainfo, root, file),
    sizeBytes: file.sizeBytes,
    mtimeMs: null,
    padBytes: next - file.offset - file.sizeBytes,
  })
  for (const file of metainfo.iterateFiles()) {
    if (file.sizeBytes === 0) continue
    if (last) yield place(last, file.offset)
    else if (file.offset > 0) yield { path: root, sizeBytes: 0, mtimeMs: null, padBytes: file.offset }
    last = file
  }
  if (last) yield place(last, metainfo.paddedSizeBytes)
}

function* findProblems(metainfo: Metainfo, root: string, bad: Uint8Array): Generator<FileProblem> {
  const incomplete = piecesOfIncomplete(metainfo, root)
  for (const file of metainfo.iterateFiles()) {
    const actualBytes = sizeOnDisk(metainfo, root, file)
    const { first, end } = piecesOf(metainfo, file)
    const badPieces = toRanges(bad, first, end)
    const describe = (problem: FileProblem['problem']): FileProblem => ({
      path: file.path.join('/'),
      problem,
      expectedBytes: file.sizeBytes,
      actualBytes,
      badPieces,
    })
    if (actualBytes === null) yield describe('missing')
    else if (actualBytes !== file.sizeBytes && !file.symlink) yield describe('size')
    else if (badPieces.length > 0)
      yield describe(badPieces.some((range) => !isCovered(range, incomplete)) ? 'bad' : 'unverifiable')
  }
}

/** The pieces that cannot be right because a file they reach into is missing or of another size. */
function piecesOfIncomplete(metainfo: Metainfo, root: string): Set<number> {
  const pieces = new Set<number>()
  // Where each file starts a piece, no other file is touched.
  if (metainfo.infoHashV2 !== null) return pieces
  for (const file of metainfo.iterateFiles()) {
    if (sizeOnDisk(metainfo, root, file) === file.sizeBytes || file.sizeBytes === 0) continue
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

/** Null when there is no such file; a link counts where the torrent has one. */
function sizeOnDisk(metainfo: Metainfo, root: string, file: MetainfoFile): number | null {
  const place = placeOnDisk(metainfo, root, file)
  try {
    if (file.symlink) return lstatSync(place).isSymbolicLink() ? 0 : null
    const stat = statSync(place)
    return stat.isFile() ? stat.size : null
  } catch {
    return null
  }
}

async function findExtra(metainfo: Metainfo, root: string): Promise<string[]> {
  const known = new Set<string>()
  for (const { path } of metainfo.iterateFiles()) known.add(path.join('/'))
  const entries = await readdir(root, { recursive: true, withFileTypes: true }).catch(() => [])
  return entries
    .filter((entry) => !entry.isDirectory())
    .map(({ parentPath, name }) =>
      join(parentPath, name)
        .slice(root.length + 1)
        .replaceAll(sep, '/'),
    )
    .filter((path) => !known.has(path))
    .sort()
}
