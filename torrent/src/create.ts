import { closeSync, openSync, truncateSync } from 'node:fs'
import { basename, resolve } from 'node:path'
import {
  assertPortable,
  type CreatedTorrent,
  describeTorrent,
  type InfoOptions,
  infoOptions,
} from './create/describe.ts'
import { assertNothingChanged } from './create/last-look.ts'
import { choosePieceLength, hashPlan, hashSources, type Layout, layOut } from './create/layout.ts'
import { type CreateProgress, progressMeter } from './create/progress.ts'
import { openResumeLog, StaleResumeError } from './create/resume.ts'
import { type Scan, scanFiles } from './create/scan.ts'
import { cutJobs } from './hashing/cut-jobs.ts'
import type { HashJob, HashPlan } from './hashing/job.ts'
import { runJobs } from './hashing/pool.ts'
import type { OuterOptions } from './outer-fields.ts'

export type { CreatedTorrent } from './create/describe.ts'
export { describeNameProblem, type NameProblem } from './create/names.ts'
export type { CreateProgress } from './create/progress.ts'
export type { OuterOptions } from './outer-fields.ts'

export interface CreateOptions extends OuterOptions, InfoOptions {
  /** The default is `hybrid`: one file that v1 and v2 clients share. */
  readonly version?: 'v1' | 'v2' | 'hybrid'
  /** The torrent's name; by default that of the path. It is required for several paths. */
  readonly name?: string
  /** A power of two from 16 KiB to 512 MiB; by default about 2,000 pieces. */
  readonly pieceLengthBytes?: number
  /**
   * `chunks` is for a Zarr-like store in which every file is a chunk: the piece length is chosen so that each chunk is
   * one piece and can be found by its `piecesRoot`.
   */
  readonly layout?: 'auto' | 'chunks'
  /**
   * Globs of files to leave out: one without a slash matches a name anywhere, one with a slash matches a path under the
   * root.
   */
  readonly exclude?: readonly string[]
  /**
   * Returns the reason to leave out a file or directory of this name, or undefined; those left out are listed in
   * `skipped` with the reason.
   */
  readonly passOver?: (name: string) => string | undefined
  /** The default is `follow`: the target of a link is stored in its place. */
  readonly symlinks?: 'follow' | 'keep' | 'skip'
  /** Record executable bits, which makes the infohash depend on them. */
  readonly attributes?: boolean
  /** Reject names that collide or are invalid on other systems, instead of reporting them in `nameProblems`. */
  readonly portable?: boolean
  /** Paths on disk that are left out even if they are inside the torrent's directory, such as the `.torrent` itself. */
  readonly leaveOut?: readonly string[]
  /** The number of hashing threads; all cores by default. */
  readonly threads?: number
  /** A file that stores finished pieces, so that an interrupted run can be resumed. */
  readonly resumeFile?: string
  readonly signal?: AbortSignal
}

/**
 * Makes a torrent of a file, a directory, or several paths under one name. The same names, bytes and options give the
 * same infohash on every platform (BEP 3, 47, 52). Throws an Error if a file cannot be read or changes in the meantime.
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
  // The resume file must exist before its directory is listed, because the torrent may be made of that directory.
  if (options.resumeFile) closeSync(openSync(options.resumeFile, 'a'))
  const scan = await scanFiles(sources, {
    exclude: options.exclude ?? [],
    symlinks: options.symlinks ?? 'follow',
    attributes: options.attributes ?? false,
    order: version === 'v1' ? 'path' : 'tree',
    passOver: options.passOver,
    leaveOut: leftOut(options),
    onFile: meter.scanned,
    ...(options.signal && { signal: options.signal }),
  })
  if (scan.files.sizeBytes === 0)
    throw new Error(
      `${sources.join(', ')}: there is no data to make a torrent of; every file is empty or left out.`,
    )
  if (options.portable) assertPortable(scan.names)
  const layout = layOut(scan.files, version, choosePieceLength(scan.files, version, options))
  const digests = await hashFiles(scan, layout, { options, meter })
  await assertNothingChanged(scan.files, options.signal)
  return describeTorrent(
    { ...digests, ...infoOptions(options), name, layout, files: scan.files, isSingleFile: scan.isSingleFile },
    options,
    scan,
  )
}

function leftOut({ leaveOut = [], resumeFile }: CreateOptions): Set<string> {
  const places = [...leaveOut, ...(resumeFile === undefined ? [] : [resumeFile])]
  return new Set(places.map((place) => resolve(place)))
}

function nameOf(sources: readonly string[]): string {
  const name = sources.length === 1 ? basename(resolve(sources[0]!)) : ''
  if (name === '') throw new Error('A torrent of several paths, or of the root directory, needs a name.')
  return name
}

async function hashFiles(
  { files }: Scan,
  layout: Layout,
  run: { options: CreateOptions; meter: ReturnType<typeof progressMeter> },
) {
  const plan = hashPlan(layout)
  const stop = run.meter.hashing(plan.bytesRead, files)
  const jobs = () => cutJobs(hashSources(files, layout), layout)
  try {
    const resumedBytes = await runOrResume(jobs, plan, run.options)
    return {
      sha1: plan.sha1 && Buffer.from(plan.sha1),
      sha256: plan.sha256 && Buffer.from(plan.sha256),
      resumedBytes,
    }
  } finally {
    stop()
  }
}

/** Runs the jobs that the resume file has not finished; resolves to the number of bytes of those that it has. */
async function runOrResume(
  jobs: () => Generator<HashJob>,
  plan: HashPlan,
  { resumeFile, threads, signal }: CreateOptions,
): Promise<number> {
  if (!resumeFile) {
    await runJobs(jobs(), plan, { threads, signal })
    return 0
  }
  const log = openResumeLog(resumeFile, plan)
  try {
    await runJobs(log.remaining(jobs()), plan, { threads, signal, onJob: log.done })
    return log.resumedBytes()
  } catch (error) {
    if (!(error instanceof StaleResumeError)) throw error
  } finally {
    log.close()
  }
  // The digests in the file do not match the bytes on disk, although the file times do, so none of them are used.
  truncateSync(resumeFile)
  return runOrResume(jobs, plan, { resumeFile, threads, signal })
}
