import { randomUUID } from 'node:crypto'
import { basename, dirname, join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import type { CreatedTorrent } from '@holdfast/torrent/create'
import { type StreamedOptions, type StreamedTorrent, startStreamed } from '@holdfast/torrent/create-streamed'
import { parseMetainfo } from '@holdfast/torrent/metainfo'
import { verifyFiles } from '@holdfast/torrent/verify'
import { CommandError } from '../command-error.ts'
import type { RemoteEntry, RemoteTorrent } from './addresses.ts'
import { runUnits } from './hashing/run-units.ts'
import { startHere, startThreads } from './hashing/thread-pool.ts'
import { planUnits, type UnitSource } from './hashing/units.ts'
import { inParallel } from './in-parallel.ts'
import { type Kept, openKept } from './keep.ts'
import { look, versionOf } from './look.ts'
import type { Pace } from './pace.ts'
import { describeChange, identityOf, type KnownFile } from './remote-file.ts'
import { Pauses } from './transport/pauses.ts'
import type { Web } from './web.ts'

export interface RemoteProgress {
  readonly phase: 'look' | 'hash' | 'lookAgain'
  readonly filesDone: number
  readonly files: number
  readonly bytesDone: number
  readonly bytesTotal: number
}

export interface MakeOptions {
  readonly web: Web
  readonly streamed: Omit<StreamedOptions, 'name' | 'isSingleFile' | 'accepts'>
  /** The directory in which the files are kept; undefined to keep nothing. */
  readonly keep: string | undefined
  /** How many connections there are to each host at most. */
  readonly connections: number
  readonly threads?: number | undefined
  /** How often servers may be asked; as often as they answer, if absent. */
  readonly pace?: Pace | undefined
  readonly allowPrivateHosts: boolean
  readonly userAgent: string
  readonly signal: AbortSignal
  readonly onProgress: (progress: RemoteProgress) => void
}

export interface LeftOut {
  readonly url: string
  readonly reason: string
}

export interface MadeRemote {
  readonly created: CreatedTorrent
  /** Files that are not in the torrent, though they were asked for. */
  readonly leftOut: readonly LeftOut[]
}

interface Entry extends RemoteEntry {
  readonly file: KnownFile
}

/** A file is read so often until it is left out because it goes on changing. */
const maxReads = 3
const changePauseMs = 500
const maxLanes = 32
const fewBytes = 8 * 2 ** 20

/**
 * Makes a torrent of remote files: looks at each, streams it through the hashes, and looks at it again. What changed
 * meanwhile is read again. Throws a CommandError if a server cannot be reached, after which the state file continues
 * the run, and a NothingLeftError if no file could be read.
 */
export async function makeRemote(torrent: RemoteTorrent, options: MakeOptions): Promise<MadeRemote> {
  const leftOut: LeftOut[] = []
  const reads = new Map<string, number>()
  const run = randomUUID()
  let entries = await lookAtAll(torrent.entries, options, leftOut)
  let pieceLengthBytes = options.streamed.pieceLengthBytes
  for (;;) {
    if (entries.length === 0) throw new NothingLeftError(torrent, leftOut)
    await using round = await startRound(torrent, entries, { ...options, run, pieceLengthBytes })
    pieceLengthBytes = round.streamed.plan.pieceLengthBytes
    const faults = await hashMissing(round, entries, options)
    const isUnreachable = [...faults.values()].find(({ kind }) => kind === 'network')
    if (isUnreachable)
      throw new CommandError(
        'network',
        `${isUnreachable.url}: ${isUnreachable.message}. What was hashed is kept in ${options.streamed.stateFile}: run the same command again to resume.`,
      )
    const changes = new Map<string, string>()
    for (const { url, kind, message } of faults.values()) {
      if (kind === 'changed') changes.set(url, message)
      else leftOut.push({ url, reason: message })
    }
    if (faults.size === 0) await findChanges(entries, options, changes)
    if (faults.size === 0 && changes.size === 0)
      return finish(torrent, round, { leftOut, keep: options.keep })
    const kept: Entry[] = []
    const again: RemoteEntry[] = []
    for (const entry of entries) {
      const { url } = entry.file
      const count = (reads.get(url) ?? 1) + 1
      if (!faults.has(url) && !changes.has(url)) kept.push(entry)
      else if (changes.has(url) && count > maxReads)
        leftOut.push({ url, reason: `it goes on changing (${changes.get(url)})` })
      else if (changes.has(url)) {
        reads.set(url, count)
        again.push(unlooked(torrent.entries.find(({ file }) => file.url === url)!))
      }
    }
    if (again.length > 0) await setTimeout(changePauseMs, undefined, { signal: options.signal })
    entries = [...kept, ...(await lookAtAll(again, options, leftOut))]
  }
}

/** The entry to be looked at anew: what was said of its size no longer holds, what its publisher says of its content does. */
function unlooked({ file, path }: RemoteEntry): RemoteEntry {
  return { path, file: { ...file, sizeBytes: undefined } }
}

async function lookAtAll(
  entries: readonly RemoteEntry[],
  { web, connections, onProgress, signal }: MakeOptions,
  leftOut: LeftOut[],
): Promise<Entry[]> {
  const found = new Map<RemoteEntry, Entry>()
  let done = 0
  let bytes = 0
  await inParallel(entries, connections, async (entry) => {
    signal.throwIfAborted()
    const seen = await look(entry.file, web)
    if ('problem' in seen) leftOut.push({ url: entry.file.url, reason: seen.problem })
    else {
      found.set(entry, { path: entry.path, file: seen.known })
      bytes += seen.known.sizeBytes
    }
    onProgress({ phase: 'look', filesDone: ++done, files: entries.length, bytesDone: 0, bytesTotal: bytes })
  })
  return entries.flatMap((entry) => found.get(entry) ?? [])
}

interface Round extends AsyncDisposable {
  readonly streamed: StreamedTorrent
  readonly kept: Kept | undefined
  readonly entryOf: ReadonlyMap<string, Entry>
}

async function startRound(
  { name, isSingleFile }: RemoteTorrent,
  entries: readonly Entry[],
  options: MakeOptions & { readonly run: string; readonly pieceLengthBytes: number | undefined },
): Promise<Round> {
  const entryOf = new Map(entries.map((entry) => [identityOf(entry.file, options.run), entry]))
  const files = [...entryOf].map(([identity, { path, file }]) => ({
    identity,
    path,
    sizeBytes: file.sizeBytes,
  }))
  const inPlace = files.map((file) => ({ ...file, path: isSingleFile ? [name] : [name, ...file.path] }))
  const kept = options.keep === undefined ? undefined : await openKept(options.keep, inPlace)
  const start = () =>
    startStreamed(files, {
      ...options.streamed,
      ...{ name, isSingleFile, pieceLengthBytes: options.pieceLengthBytes },
      ...(kept && { accepts: kept.has }),
    })
  if (kept && kept.there.size > 0) assertOurs(kept, start)
  const streamed = start()
  return { streamed, kept, entryOf, [Symbol.asyncDispose]: async () => streamed[Symbol.dispose]() }
}

/** A file in its place before all its pieces are known is somebody else's. */
function assertOurs(kept: Kept, start: () => StreamedTorrent): void {
  using looked = start()
  for (const { parts } of looked.missing())
    for (const { path } of parts) {
      const place = kept.there.get(path)
      if (place)
        throw new CommandError(
          'failure',
          `${place} exists and was not replaced; move it away or choose another --keep.`,
        )
    }
}

async function hashMissing(
  { streamed, kept, entryOf }: Round,
  entries: readonly Entry[],
  options: MakeOptions,
) {
  const hosts = new Map<string, number>()
  const sources = new Map<string, UnitSource>()
  for (const [identity, { file }] of entryOf) {
    const padBytes = streamed.padBytesAfter(file.sizeBytes)
    sources.set(identity, {
      ...{ file, padBytes, keptAt: kept?.partOf(identity) },
      host: numberOf(new URL(file.url).host, hosts),
    })
  }
  const pauses = new Pauses(Math.max(hosts.size, 1))
  const bytesRead = new BigInt64Array(streamed.plan.bytesRead)
  const bytesTotal = entries.reduce((sum, { file }) => sum + file.sizeBytes, 0)
  const tell = () => {
    const bytesDone = Number(Atomics.load(bytesRead, 0))
    options.onProgress({ phase: 'hash', filesDone: 0, files: entries.length, bytesDone, bytesTotal })
  }
  const { plan, noteBefore } = streamed
  const units = planUnits(streamed.missing(), {
    plan,
    noteBefore,
    sourceOf: (identity) => sources.get(identity)!,
  })
  const lanes = Math.min(options.connections * Math.max(hosts.size, 1), maxLanes)
  const timer = setInterval(tell, 200)
  const data = {
    plan,
    pauses: pauses.shared,
    allowPrivateHosts: options.allowPrivateHosts,
    userAgent: options.userAgent,
  }
  try {
    await using pool =
      bytesTotal <= fewBytes ? await startHere(data) : startThreads(data, { lanes, threads: options.threads })
    return await runUnits(units, streamed, {
      pool,
      perHost: options.connections,
      lanes,
      pace: options.pace,
      signal: options.signal,
    })
  } finally {
    clearInterval(timer)
    tell()
  }
}

/** The number of a host among those of this run. */
function numberOf(host: string, hosts: Map<string, number>): number {
  const number = hosts.get(host) ?? hosts.size
  hosts.set(host, number)
  return number
}

/** Looks at everything once more: a file that was hashed early may have changed while others were hashed. */
async function findChanges(
  entries: readonly Entry[],
  { web, connections, onProgress, signal }: MakeOptions,
  changes: Map<string, string>,
): Promise<void> {
  let done = 0
  const bytes = entries.reduce((sum, { file }) => sum + file.sizeBytes, 0)
  await inParallel(entries, connections, async ({ file }) => {
    signal.throwIfAborted()
    let answer = await web.head(file.url)
    if (answer.status !== 200) answer = await web.peek(file.url)
    const isThere = answer.status === 200 || answer.status === 206 || answer.status === 416
    const change = isThere
      ? describeChange(file, versionOf(answer))
      : `the server answers ${answer.status} now`
    if (change !== undefined) changes.set(file.url, change)
    onProgress({
      phase: 'lookAgain',
      filesDone: ++done,
      files: entries.length,
      bytesDone: bytes,
      bytesTotal: bytes,
    })
  })
}

async function finish(
  { name }: RemoteTorrent,
  { streamed, kept }: Round,
  { keep, leftOut }: { leftOut: readonly LeftOut[]; keep: string | undefined },
): Promise<MadeRemote> {
  const created = streamed.finish()
  if (kept && keep !== undefined) {
    await kept.place()
    if (created.resumedBytes > 0) await assertKept(created, join(keep, name))
  }
  return { created, leftOut }
}

/** What an earlier run wrote may have been lost with the machine's power, or be another file of the same size. */
async function assertKept(created: CreatedTorrent, place: string): Promise<void> {
  const report = await verifyFiles(parseMetainfo(created.metainfo), place, { isRoot: true })
  const [bad] = report.problems
  if (bad)
    throw new CommandError(
      'failure',
      `${join(basename(dirname(place)), basename(place), bad.path)} is not what its server has; delete it and run the command again.`,
    )
}

/** No file of a torrent could be read. */
export class NothingLeftError extends CommandError {
  readonly leftOut: readonly LeftOut[]

  constructor({ webseed }: RemoteTorrent, leftOut: readonly LeftOut[]) {
    const [first] = leftOut
    const reason = first ? `${first.url}: ${first.reason}` : `There are no files at ${webseed}`
    super('failure', `${reason}; there is nothing to make a torrent of.`, { details: { leftOut } })
    this.leftOut = leftOut
  }
}
