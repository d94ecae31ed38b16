import { readdirSync, statSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import {
  type CreatedTorrent,
  type CreateOptions,
  createTorrent,
  describeNameProblem,
} from '@holdfast/torrent/create'
import { Option as CommandOption, type Option } from 'commander'
import { CommandError } from '../command-error.ts'
import { progressBar } from '../output/progress-bar.ts'
import { parseBytes } from '../output/quantities.ts'
import { warn } from '../output/terminal.ts'

/** The command line options that decide what a torrent of some files contains. */
export interface TorrentOptions {
  readonly v1?: boolean
  readonly v2?: boolean
  readonly pieceLength?: number
  readonly zarr?: boolean
  readonly exclude?: string[]
  readonly allFiles?: boolean
  readonly symlinks?: 'follow' | 'keep' | 'skip'
  readonly attributes?: boolean
  readonly private?: boolean
  readonly source?: string
  readonly comment?: string
  readonly threads?: number
  readonly resume?: boolean
  readonly tracker?: string[]
  readonly webseed?: string[]
  readonly portable?: boolean
  readonly overwrite?: boolean
}

/** These options, as `torrent create` and `publish` both define them. */
export function torrentOptions(): Option[] {
  return [
    new CommandOption('--v1', 'v1 only (default: hybrid, for v1 and v2 clients)').conflicts('v2'),
    new CommandOption('--v2', 'v2 only'),
    new CommandOption(
      '--piece-length <size>',
      'a power of two such as 4MiB (default: by the size of the data)',
    ).argParser(size),
    new CommandOption(
      '--zarr',
      'one file is one chunk: choose the piece size so that each chunk can be found by its own hash',
    ),
    new CommandOption('--exclude <glob>', 'leave out files by name or path; may be repeated').argParser(
      collect,
    ),
    new CommandOption(
      '--all-files',
      'include .DS_Store, Thumbs.db, desktop.ini, .pad and unfinished downloads (*.part), which are left out by default',
    ),
    new CommandOption('--symlinks <how>', 'how to treat symlinks')
      .choices(['follow', 'keep', 'skip'])
      .default('follow'),
    new CommandOption('--attributes', 'record which files are executable'),
    new CommandOption('--private', 'allow no peer sources other than the trackers (BEP 27)'),
    new CommandOption('--source <text>', 'a source tag, which changes the infohash'),
    new CommandOption('--comment <text>', 'a comment in the .torrent'),
    new CommandOption('--threads <n>', 'hashing threads (default: all cores)').argParser(count),
    new CommandOption(
      '--resume',
      'save finished pieces in a file next to the .torrent, and resume from there',
    ),
    new CommandOption('--portable', 'refuse file names that collide or are invalid on Windows or macOS'),
    new CommandOption('--overwrite', 'replace an existing file of the same name, .torrent or not'),
    new CommandOption('--tracker <url>', 'announce URL; may be repeated').argParser(collect),
    new CommandOption(
      '--webseed <url>',
      'HTTP address that serves the files (BEP 19); may be repeated',
    ).argParser(collect),
  ]
}

/**
 * The path of the .torrent for a path: next to it, or as `--output` says (a file, or a directory, which may end in a
 * slash).
 */
export function torrentPath(path: string, output: string | undefined): string {
  const name = `${basename(resolve(path))}.torrent`
  if (output === undefined) return join(dirname(resolve(path)), name)
  return isDirectory(output) ? join(output, name) : output
}

/** Whether `--output` names a directory: it ends in a slash, or it is one. */
export function isDirectory(output: string): boolean {
  return /[\\/]$/.test(output) || (statSync(output, { throwIfNoEntry: false })?.isDirectory() ?? false)
}

/**
 * The .torrent and the files that belong to it, if they are within the torrent's own files, because it cannot contain
 * itself.
 */
function ownFiles(file: string): string[] {
  const directory = resolve(dirname(file))
  const stem = basename(file).replace(/\.torrent$/, '')
  const names = statSync(directory, { throwIfNoEntry: false })?.isDirectory() ? readdirSync(directory) : []
  const isOwn = (name: string) =>
    name.startsWith(stem) && /^(\.[0-9a-f]{8})?\.torrent(\.resume)?$/.test(name.slice(stem.length))
  return [basename(file), ...names.filter(isOwn)].map((name) => join(directory, name))
}

export interface TorrentSurroundings {
  readonly name?: string | undefined
  readonly trackers: readonly string[]
  /** The path of the .torrent; the resume file is next to it. */
  readonly file: string
}

/** Makes the torrent with a progress bar on standard error, and warns about files that were left out. */
export async function makeTorrent(
  paths: readonly string[],
  options: TorrentOptions,
  { name, trackers, file }: TorrentSurroundings,
): Promise<CreatedTorrent> {
  using bar = progressBar()
  const label = name ?? basename(resolve(paths[0]!))
  const settings: CreateOptions = {
    version: options.v1 ? 'v1' : options.v2 ? 'v2' : 'hybrid',
    layout: options.zarr ? 'chunks' : 'auto',
    // The version is left out, so that a newer holdfast makes the same file.
    createdBy: 'holdfast',
    trackers: trackers.map((url, tier) => ({ url, tier })),
    webseeds: (options.webseed ?? []).map((url) => ({ url, kind: 'bep19' as const })),
    ...(name !== undefined && { name }),
    ...(options.pieceLength !== undefined && { pieceLengthBytes: options.pieceLength }),
    ...(options.exclude && { exclude: options.exclude }),
    ...(!options.allFiles && { passOver: reasonAgainst }),
    ...(options.symlinks && { symlinks: options.symlinks }),
    ...(options.attributes && { attributes: true }),
    ...(options.private && { private: true }),
    ...(options.source !== undefined && { source: options.source }),
    ...(options.comment !== undefined && { comment: options.comment }),
    ...(options.threads !== undefined && { threads: options.threads }),
    ...(options.resume && { resumeFile: `${file}.resume` }),
    ...(options.portable && { portable: true }),
    leaveOut: ownFiles(file),
  }
  const created = await createTorrent(paths, settings, ({ phase, files, bytesDone, bytesTotal }) => {
    if (phase === 'scan') bar.update({ label: `${label}: looking`, done: files, total: null, unit: 'items' })
    else bar.update({ label, done: bytesDone, total: bytesTotal, unit: 'bytes' })
  }).catch((cause: NodeJS.ErrnoException) => {
    const missing = cause.code === 'ENOENT'
    throw new CommandError(
      missing ? 'notFound' : cause instanceof RangeError ? 'usage' : 'failure',
      missing ? `There is no ${cause.path}.` : cause.message,
      { cause },
    )
  })
  for (const { path, reason } of created.skipped) warn(`left out ${path}: ${reason}`)
  for (const problem of created.nameProblems) warn(describeNameProblem(problem))
  return created
}

/**
 * The reason why a file or directory of this name is not part of the data: operating systems and clients leave such
 * files everywhere.
 */
export function reasonAgainst(name: string): string | undefined {
  if (/^(?:\.DS_Store|Thumbs\.db|desktop\.ini)$/i.test(name))
    return 'a file of the operating system (--all-files includes it)'
  if (/^\.pad$/.test(name)) return 'padding of a torrent client (--all-files includes it)'
  if (/.\.part$/i.test(name)) return 'an unfinished download (--all-files includes it)'
  return undefined
}

/** Collects the values of a repeated option. */
export function collect(value: string, before: string[] | undefined): string[] {
  return [...(before ?? []), value]
}

function size(text: string): number {
  try {
    return parseBytes(text)
  } catch (cause) {
    throw new CommandError('usage', (cause as Error).message, { cause })
  }
}

function count(text: string): number {
  const value = Number(text)
  if (Number.isInteger(value) && value > 0) return value
  throw new CommandError('usage', `--threads is ${JSON.stringify(text)}; give a whole number of at least 1.`)
}
