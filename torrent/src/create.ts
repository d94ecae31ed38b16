import { createHash } from 'node:crypto'
import { basename, resolve } from 'node:path'
import { emitInfo, emitPieceLayers, type InfoParts } from './create/emit.ts'
import type { FileTable } from './create/file-table.ts'
import { automaticPieceLength, chunkPieceLength, hashSources, type Layout, layOut } from './create/layout.ts'
import { type CreateProgress, progressMeter } from './create/progress.ts'
import { openResumeLog, type ResumeLog } from './create/resume.ts'
import { type Scan, scanFiles } from './create/scan.ts'
import { cutJobs } from './hashing/cut-jobs.ts'
import type { HashPlan } from './hashing/job.ts'
import { runJobs } from './hashing/pool.ts'
import { type OuterOptions, wrapInfo } from './outer-fields.ts'

export type { CreateProgress } from './create/progress.ts'
export type { OuterOptions } from './outer-fields.ts'

export interface CreateOptions extends OuterOptions {
  /** `hybrid` by default: one file that v1 and v2 clients share. */
  readonly version?: 'v1' | 'v2' | 'hybrid'
  /** The torrent's name; by default that of the path, and needed when there are several. */
  readonly name?: string
  /** A power of two from 16 KiB to 512 MiB; by default about 2,000 pieces. */
  readonly pieceLengthBytes?: number
  /** `chunks`: a Zarr-like store where a file is a chunk: the piece length makes each its own piece and `piecesRoot`. */
  readonly layout?: 'auto' | 'chunks'
  /** Globs to leave out: without a slash a name anywhere, with one a path under the root. */
  readonly exclude?: readonly string[]
  /** `follow` by default: what a link points to is stored in its place. */
  readonly symlinks?: 'follow' | 'keep' | 'skip'
  /** Record executable bits, which makes the infohash depend on them. */
  readonly attributes?: boolean
  readonly private?: boolean
  readonly source?: string
  /** Infohashes in hex, and names, of torrents that share files (BEP 38). */
  readonly similar?: readonly string[]
  readonly collections?: readonly string[]
  /** Hashing threads; all cores by default. */
  readonly threads?: number
  /** A file that remembers finished pieces, so that a run that was interrupted goes on where it stopped. */
  readonly resumeFile?: string
  readonly signal?: AbortSignal
}

export interface CreatedTorrent {
  readonly infoHashV1: string | null
  readonly infoHashV2: string | null
  readonly name: string
  /** Of the files, without padding. */
  readonly sizeBytes: number
  readonly pieceLengthBytes: number
  readonly pieceCount: number
  readonly fileCount: number
  /** The `.torrent` in one piece, made when asked for. */
  readonly metainfo: Uint8Array
  /** The same bit by bit, for trees whose `.torrent` is large. */
  chunks(): Generator<Uint8Array>
  /** What was left out of the torrent and why. */
  readonly skipped: readonly { readonly path: string; readonly reason: string }[]
  /** Bytes that a resume file spared from being read again. */
  readonly resumedBytes: number
}

/**
 * Makes a torrent of a file, a directory, or several of them under one name. The same names, bytes and options make the
 * same infohash on every platform. Throws on what cannot be read or changes meanwhile (BEP 3, 47, 52).
 */
export async function createTorrent(
  paths: string | readonly string[],
  options: CreateOptions = {},
  onProgress?: (progress: CreateProgress) => void,
): Promise<CreatedTorrent> {
  const sources = typeof paths === 'string' ? [paths] : paths
  const name = options.name ?? nameOf(sources)
  const version = options.version ?? 'hybrid'
  const meter = progressMeter(onProgress)
  const scan = await scanFiles(sources, {
    exclude: options.exclude ?? [],
    symlinks: options.symlinks ?? 'follow',
    attributes: options.attributes ?? false,
    order: version === 'v1' ? 'path' : 'tree',
    onFile: meter.scanned,
    ...(options.signal && { signal: options.signal }),
  })
  if (scan.files.sizeBytes === 0)
    throw new Error(
      `${sources.join(', ')}: there are no bytes to make a torrent of; every file is empty or left out.`,
    )
  const layout = layOut(scan.files, version, choosePieceLength(scan.files, version, options))
  const digests = await hashFiles(scan, layout, { options, meter })
  return describe(
    { ...digests, ...infoOptions(options), name, layout, files: scan.files, isSingleFile: scan.isSingleFile },
    options,
    scan,
  )
}

function nameOf(sources: readonly string[]): string {
  const name = sources.length === 1 ? basename(resolve(sources[0]!)) : ''
  if (name === '') throw new Error('Several paths, or the root directory, need a name for the torrent.')
  return name
}

function choosePieceLength(files: FileTable, version: Layout['version'], options: CreateOptions): number {
  if (options.pieceLengthBytes !== undefined) return options.pieceLengthBytes
  if (options.layout !== 'chunks') return automaticPieceLength(files.sizeBytes)
  if (version === 'v1')
    throw new Error('Chunks are found by their v2 piecesRoot: make a v2 or hybrid torrent of them.')
  return chunkPieceLength(files)
}

function infoOptions(options: CreateOptions) {
  return {
    private: options.private ?? false,
    source: options.source,
    similar: options.similar ?? [],
    collections: options.collections ?? [],
  }
}

async function hashFiles(
  { files }: Scan,
  layout: Layout,
  run: { options: CreateOptions; meter: ReturnType<typeof progressMeter> },
) {
  const digestsOf = (bytes: number) => new SharedArrayBuffer(layout.pieceCount * bytes)
  const plan: HashPlan = {
    pieceLengthBytes: layout.pieceLengthBytes,
    sha1: layout.version === 'v2' ? null : digestsOf(20),
    sha256: layout.version === 'v1' ? null : digestsOf(32),
    bytesRead: new SharedArrayBuffer(8),
    onBadFile: 'throw',
  }
  const log: ResumeLog | null = run.options.resumeFile ? openResumeLog(run.options.resumeFile, plan) : null
  const stop = run.meter.hashing(plan.bytesRead, files)
  try {
    const jobs = cutJobs(hashSources(files, layout), layout)
    await runJobs(log ? log.remaining(jobs) : jobs, plan, {
      threads: run.options.threads,
      signal: run.options.signal,
      ...(log && { onJob: log.done }),
    })
  } finally {
    stop()
    log?.close()
  }
  return {
    sha1: plan.sha1 && Buffer.from(plan.sha1),
    sha256: plan.sha256 && Buffer.from(plan.sha256),
    resumedBytes: log?.resumedBytes() ?? 0,
  }
}

function describe(
  parts: InfoParts & { readonly resumedBytes: number },
  outer: OuterOptions,
  { skipped }: Scan,
): CreatedTorrent {
  const { files, layout, sha256 } = parts
  const [sha1OfInfo, sha256OfInfo] = [createHash('sha1'), createHash('sha256')]
  for (const chunk of emitInfo(parts)) {
    sha1OfInfo.update(chunk)
    sha256OfInfo.update(chunk)
  }
  const chunks = () =>
    wrapInfo(outer, {
      info: () => emitInfo(parts),
      pieceLayers: sha256 && (() => emitPieceLayers(files, layout, sha256)),
    })
  return {
    infoHashV1: parts.sha1 ? sha1OfInfo.digest('hex') : null,
    infoHashV2: sha256 ? sha256OfInfo.digest('hex') : null,
    name: parts.name,
    sizeBytes: files.sizeBytes,
    pieceLengthBytes: layout.pieceLengthBytes,
    pieceCount: layout.pieceCount,
    fileCount: files.length,
    get metainfo() {
      return Buffer.concat([...chunks()])
    },
    chunks,
    skipped,
    resumedBytes: parts.resumedBytes,
  }
}
