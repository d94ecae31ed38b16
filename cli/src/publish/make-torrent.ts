import { basename, dirname, join, resolve } from 'node:path'
import { type CreatedTorrent, type CreateOptions, createTorrent } from '@holdfast/torrent/create'
import { Option as CommandOption, type Option } from 'commander'
import { Failure } from '../failure.ts'
import { progressBar } from '../output/progress-bar.ts'
import { parseBytes } from '../output/quantities.ts'
import { warn } from '../output/terminal.ts'

/** The command line options that decide what a torrent of some files is. */
export interface TorrentOptions {
  readonly v1?: boolean
  readonly v2?: boolean
  readonly pieceLength?: number
  readonly zarr?: boolean
  readonly exclude?: string[]
  readonly symlinks?: 'follow' | 'keep' | 'skip'
  readonly attributes?: boolean
  readonly private?: boolean
  readonly source?: string
  readonly comment?: string
  readonly threads?: number
  readonly resume?: boolean
  readonly tracker?: string[]
  readonly webseed?: string[]
}

/** Those options, for `torrent create` and `publish` alike. */
export function torrentOptions(): Option[] {
  return [
    new CommandOption('--v1', 'v1 only (default: hybrid, for v1 and v2 clients)').conflicts('v2'),
    new CommandOption('--v2', 'v2 only'),
    new CommandOption(
      '--piece-length <size>',
      'a power of two such as 4MiB (default: by the size of the data)',
    ).argParser(size),
    new CommandOption('--zarr', 'one file is one chunk: choose pieces so that each is found by its own hash'),
    new CommandOption('--exclude <glob>', 'leave out, by name or path; may be repeated').argParser(collect),
    new CommandOption('--symlinks <how>', 'what becomes of symlinks')
      .choices(['follow', 'keep', 'skip'])
      .default('follow'),
    new CommandOption('--attributes', 'record which files are executable'),
    new CommandOption('--private', 'forbid other peer sources than the trackers (BEP 27)'),
    new CommandOption('--source <text>', 'a source tag, which makes another infohash'),
    new CommandOption('--comment <text>', 'a comment in the .torrent'),
    new CommandOption('--threads <n>', 'hashing threads (default: all cores)').argParser(count),
    new CommandOption(
      '--resume',
      'remember finished pieces in a file beside the .torrent, and go on from there',
    ),
    new CommandOption('--tracker <url>', 'announce URL; may be repeated').argParser(collect),
    new CommandOption(
      '--webseed <url>',
      'HTTP address that serves the files (BEP 19); may be repeated',
    ).argParser(collect),
  ]
}

/** Where a torrent of a path goes: beside it, or as `--output` says (a file, or a directory that ends in a slash). */
export function torrentPath(path: string, output: string | undefined): string {
  const name = `${basename(resolve(path))}.torrent`
  if (output === undefined) return join(dirname(resolve(path)), name)
  return /[\\/]$/.test(output) ? join(output, name) : output
}

export interface TorrentSurroundings {
  readonly name?: string | undefined
  readonly trackers: readonly string[]
  /** The .torrent's place, beside which the resume file lies. */
  readonly file: string
}

/** Makes the torrent with a progress bar on standard error, and warns of what was left out. */
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
    // Without a version, so that a newer holdfast makes the same file.
    createdBy: 'holdfast',
    trackers: trackers.map((url, tier) => ({ url, tier })),
    webSeeds: (options.webseed ?? []).map((url) => ({ url, kind: 'bep19' as const })),
    ...(name !== undefined && { name }),
    ...(options.pieceLength !== undefined && { pieceLengthBytes: options.pieceLength }),
    ...(options.exclude && { exclude: options.exclude }),
    ...(options.symlinks && { symlinks: options.symlinks }),
    ...(options.attributes && { attributes: true }),
    ...(options.private && { private: true }),
    ...(options.source !== undefined && { source: options.source }),
    ...(options.comment !== undefined && { comment: options.comment }),
    ...(options.threads !== undefined && { threads: options.threads }),
    ...(options.resume && { resumeFile: `${file}.resume` }),
  }
  const created = await createTorrent(paths, settings, ({ phase, files, bytesDone, bytesTotal }) => {
    if (phase === 'scan') bar.update({ label: `${label}: looking`, done: files, total: null, unit: 'items' })
    else bar.update({ label, done: bytesDone, total: bytesTotal, unit: 'bytes' })
  }).catch((cause: NodeJS.ErrnoException) => {
    const missing = cause.code === 'ENOENT'
    throw new Failure(
      missing ? 'notFound' : cause instanceof RangeError ? 'usage' : 'failure',
      missing ? `There is no ${cause.path}.` : cause.message,
      { cause },
    )
  })
  for (const { path, reason } of created.skipped) warn(`left out ${path}: ${reason}`)
  return created
}

/** Gathers a repeated option. */
export function collect(value: string, before: string[] | undefined): string[] {
  return [...(before ?? []), value]
}

function size(text: string): number {
  try {
    return parseBytes(text)
  } catch (cause) {
    throw new Failure('usage', (cause as Error).message, { cause })
  }
}

function count(text: string): number {
  const value = Number(text)
  if (Number.isInteger(value) && value > 0) return value
  throw new Failure('usage', `--threads is ${JSON.stringify(text)}; give a whole number from 1.`)
}
