import { mkdir, readFile, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { counted } from '@holdfast/runtime/counted'
import { describeNameProblem } from '@holdfast/torrent/create'
import { isExcluded } from '@holdfast/torrent/create-streamed'
import { parseMetainfo } from '@holdfast/torrent/metainfo'
import { CommandError } from '../command-error.ts'
import type { Connections } from '../connections.ts'
import { fileName } from '../files/save.ts'
import { onInterruption } from '../interruption.ts'
import { isAddress } from '../is-address.ts'
import { progressBar } from '../output/progress-bar.ts'
import { note, warn } from '../output/terminal.ts'
import { isDirectory, reasonAgainst, type TorrentOptions } from '../publish/make-torrent.ts'
import { placeByAddress, type RemoteTorrent } from './addresses.ts'
import type { SourceAddress } from './dataset-sources.ts'
import {
  type LeftOut,
  type MadeRemote,
  makeRemote,
  NothingLeftError,
  type RemoteProgress,
} from './make-remote.ts'
import type { Pace } from './pace.ts'
import { limitsOf, type RemoteOptions, userAgent } from './remote-options.ts'
import { readAddresses } from './sources/address-list.ts'
import { findFiles } from './sources/find-files.ts'
import type { Found, SourceOptions } from './sources/source.ts'
import { openWeb } from './web.ts'

export interface AddressOptions extends TorrentOptions, RemoteOptions {
  readonly name?: string
  readonly output?: string
  /** How often servers may be asked; as often as they answer, if absent. */
  readonly pace?: Pace
}

/** Addresses that the user named. */
export function givenAddresses(urls: readonly string[]): SourceAddress[] {
  return urls.map((url) => ({ url, checksums: [], mayFail: false }))
}

/** A torrent that could not be made, beside others that were. */
export interface NotMade {
  readonly leftOut: readonly LeftOut[]
}

/** A torrent of remote files, and where it is to be saved. */
export interface MadeFromAddresses extends MadeRemote {
  readonly file: string
  /** The address that clients ask for the files. */
  readonly webseed: string
  /** Deletes what could resume the run, once its result is safe; what was left out is read by the next run. */
  forget(): Promise<void>
}

/**
 * Makes torrents of the files at addresses: one for all that are below a directory, and one for each whose address no path
 * gives. Yields each when it is made, or what of it could not be read.
 */
export async function* makeFromAddresses(
  connections: Connections,
  addresses: readonly SourceAddress[],
  options: AddressOptions,
  trackers: readonly string[],
): AsyncGenerator<MadeFromAddresses | NotMade> {
  const limits = limitsOf(options)
  using web = await openWeb(connections, userAgent, options.pace)
  using bar = progressBar()
  const found = await findAll(addresses, options, {
    web,
    ...limits,
    endpoint: options.endpoint,
    isExcluded: (path) => reasonToLeaveOut(path, options),
    onFound: (done) => bar.update({ label: 'looking', done, total: null, unit: 'items' }),
  })
  const placed = placeByAddress(found.files, found.root)
  for (const { url, reason } of [...found.skipped, ...placed.skipped]) warn(`left out ${url}: ${reason}`)
  if (found.failed.length > 0) {
    for (const { url, reason } of found.failed) warn(`left out ${url}: ${reason}`)
    yield { leftOut: found.failed }
  }
  if (placed.torrents.length === 0)
    throw new CommandError('notFound', `There are no files at ${addresses.map(({ url }) => url).join(', ')}.`)
  const torrents = named(placed.torrents, options.name)
  if (placed.aloneCount > 0)
    note(
      `${counted(placed.aloneCount, 'file')} cannot be asked for by a path below a directory, so that each gets a torrent of its own.`,
    )
  const output = placesFor(torrents, options.output)
  using interruption = onInterruption('Stopped; run the same command again to resume.')
  for (const torrent of torrents) {
    const file = output(torrent)
    await mkdir(dirname(file), { recursive: true })
    const made = await makeRemote(torrent, {
      web,
      streamed: {
        ...streamedOptions(torrent, file, { options, trackers }),
        pieceLengthBytes: options.pieceLength ?? (options.keepState ? await pieceLengthOf(file) : undefined),
      },
      keep: options.keep,
      connections: limits.connections,
      threads: options.threads,
      pace: options.pace,
      allowPrivateHosts: connections.config.allowPrivateHosts,
      userAgent,
      signal: interruption.signal,
      onProgress: (progress) => bar.update(barOf(torrent, progress)),
    }).catch((cause: Error) => {
      if (cause instanceof NothingLeftError && torrents.length > 1) return { leftOut: cause.leftOut }
      if (cause instanceof CommandError) throw cause
      throw new CommandError(cause instanceof RangeError ? 'usage' : 'failure', cause.message, { cause })
    })
    for (const { url, reason } of made.leftOut) warn(`left out ${url}: ${reason}`)
    if (!('created' in made)) {
      yield made
      continue
    }
    for (const problem of made.created.nameProblems) warn(describeNameProblem(problem))
    const forget = async () => {
      if (!options.keepState && made.leftOut.length === 0) await rm(`${file}.state`, { force: true })
    }
    yield { ...made, file, webseed: torrent.webseed, forget }
  }
}

/** The files at addresses, without making anything of them. */
export async function listAddresses(
  connections: Connections,
  addresses: readonly SourceAddress[],
  options: Pick<AddressOptions, 'urls' | 'maxFiles' | 'endpoint'>,
): Promise<Found> {
  using web = await openWeb(connections, userAgent)
  using bar = progressBar()
  return findAll(addresses, options, {
    web,
    ...limitsOf(options),
    endpoint: options.endpoint,
    isExcluded: (path) => reasonToLeaveOut(path, {}),
    onFound: (done) => bar.update({ label: 'looking', done, total: null, unit: 'items' }),
  })
}

async function findAll(
  addresses: readonly SourceAddress[],
  options: Pick<AddressOptions, 'urls'>,
  source: SourceOptions,
): Promise<Found & { readonly failed: readonly LeftOut[] }> {
  if (source.endpoint !== undefined && addresses.every(({ url }) => isAddress(url)))
    throw new CommandError('usage', '--endpoint applies to s3:// addresses, and there is none.')
  const listed = options.urls === undefined ? [] : await readAddresses(options.urls, source)
  const found: Found[] = []
  const failed: LeftOut[] = []
  for (const { url, checksums, mayFail } of addresses) {
    try {
      const there = await findFiles(url, source)
      const [only] = there.files
      const isOne = there.root === undefined && there.files.length === 1
      const files = isOne
        ? [{ ...only!, checksums: [...(only!.checksums ?? []), ...checksums] }]
        : there.files
      found.push({ ...there, files })
    } catch (error) {
      if (!(mayFail && error instanceof CommandError)) throw error
      failed.push({ url, reason: error.message })
    }
  }
  const files = [...found.flatMap((each) => each.files), ...listed]
  const root = found.length === 1 && listed.length === 0 ? found[0]!.root : undefined
  return { files, root, skipped: found.flatMap(({ skipped }) => skipped), failed }
}

/** The reason why a path of a listing is left out; empty if the user said so. */
function reasonToLeaveOut(
  path: readonly string[],
  { exclude = [], allFiles }: TorrentOptions,
): string | undefined {
  if (isExcluded(path, exclude)) return ''
  return allFiles ? undefined : reasonAgainst(path.at(-1)!)
}

/** A directory's name is part of its files' addresses, so only a single file can be called otherwise. */
function named(torrents: readonly RemoteTorrent[], name: string | undefined): readonly RemoteTorrent[] {
  if (name === undefined) return torrents
  const [only] = torrents
  if (torrents.length > 1)
    throw new CommandError(
      'usage',
      `These addresses become ${counted(torrents.length, 'torrent')}, so --name cannot name them.`,
    )
  if (only!.isSingleFile) {
    const named = fileName(name, '')
    return [{ ...only!, name: named, entries: only!.entries.map(({ file }) => ({ file, path: [named] })) }]
  }
  if (only!.name !== name)
    throw new CommandError(
      'usage',
      `The torrent is called ${only!.name}, because clients ask ${only!.webseed} for ${only!.name}/…; leave out --name.`,
    )
  return torrents
}

function streamedOptions(
  { webseed }: RemoteTorrent,
  file: string,
  { options, trackers }: { options: AddressOptions; trackers: readonly string[] },
) {
  for (const [name, value] of Object.entries({
    symlinks: options.symlinks !== 'follow' && options.symlinks,
    attributes: options.attributes,
  }))
    if (value) throw new CommandError('usage', `--${name} applies to files on disk only.`)
  const webseeds = [...new Set([...(options.webseed ?? []), webseed])]
  return {
    version: options.v1 ? ('v1' as const) : options.v2 ? ('v2' as const) : ('hybrid' as const),
    layout: options.zarr ? ('chunks' as const) : ('auto' as const),
    // The version is left out, so that a newer holdfast makes the same file.
    createdBy: 'holdfast',
    trackers: trackers.map((url, tier) => ({ url, tier })),
    webseeds: webseeds.map((url) => ({ url, kind: 'bep19' as const })),
    stateFile: `${file}.state`,
    ...(options.private && { private: true }),
    ...(options.source !== undefined && { source: options.source }),
    ...(options.comment !== undefined && { comment: options.comment }),
    ...(options.portable && { portable: true }),
  }
}

/** The piece length of the torrent of an earlier run: with another one, all pieces would have to be read again. */
async function pieceLengthOf(file: string): Promise<number | undefined> {
  try {
    return parseMetainfo(await readFile(file)).pieceLengthBytes
  } catch {
    return undefined
  }
}

/** Where each torrent is saved: as `--output` says, or in the working directory. */
function placesFor(
  torrents: readonly RemoteTorrent[],
  output: string | undefined,
): (torrent: RemoteTorrent) => string {
  if (torrents.length > 1 && output !== undefined && !isDirectory(output))
    throw new CommandError(
      'usage',
      `These addresses become ${counted(torrents.length, 'torrent')}: let --output end in a slash.`,
    )
  const taken = new Map<string, number>()
  const places = new Map<RemoteTorrent, string>()
  for (const torrent of torrents) {
    const before = taken.get(torrent.name) ?? 0
    taken.set(torrent.name, before + 1)
    const name = fileName(torrent.name, before === 0 ? '.torrent' : `.${before + 1}.torrent`)
    places.set(torrent, output === undefined ? name : isDirectory(output) ? join(output, name) : output)
  }
  return (torrent) => places.get(torrent)!
}

function barOf({ name }: RemoteTorrent, progress: RemoteProgress) {
  const { phase, files, filesDone, bytesDone, bytesTotal } = progress
  if (phase === 'hash')
    return {
      label: name,
      done: bytesDone,
      total: bytesTotal,
      unit: 'bytes' as const,
      remark: counted(files, 'file'),
    }
  const label = phase === 'look' ? `${name}: looking` : `${name}: looking again`
  return { label, done: filesDone, total: files, unit: 'items' as const }
}
