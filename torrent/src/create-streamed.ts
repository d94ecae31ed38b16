import {
  assertPortable,
  type CreatedTorrent,
  describeTorrent,
  type InfoOptions,
  infoOptions,
} from './create/describe.ts'
import { FileTable } from './create/file-table.ts'
import { choosePieceLength, hashPlan, type Layout, layOut, padBytesAfter } from './create/layout.ts'
import { compareUtf8 } from './create/listing.ts'
import { NameProblems } from './create/names.ts'
import { openResumeLog } from './create/resume.ts'
import { cutJobs } from './hashing/cut-jobs.ts'
import type { HashJob, HashPlan } from './hashing/job.ts'
import type { OuterOptions } from './outer-fields.ts'

export { isExcluded } from './create/scan.ts'
export type { HashJob, HashPart, HashPlan } from './hashing/job.ts'
export { type StreamHasher, streamHasher } from './hashing/stream-hasher.ts'

/** A file whose bytes the caller brings, such as one on a web server. */
export interface StreamedFile {
  /** The path under the torrent's root; for a torrent of one file, its name alone. */
  readonly path: readonly string[]
  readonly sizeBytes: number
  /** Names exactly these bytes, such as an address with an ETag: pieces hashed under it are used again. */
  readonly identity: string
}

export interface StreamedOptions extends OuterOptions, InfoOptions {
  readonly version: Layout['version']
  readonly name: string
  /** Whether the torrent is its one file, and not a directory. */
  readonly isSingleFile: boolean
  /** A power of two from 16 KiB to 512 MiB; by default about 2,000 pieces. */
  readonly pieceLengthBytes?: number | undefined
  /** Reject names that collide or are invalid on other systems. */
  readonly portable?: boolean
  /** `chunks` makes each file of a Zarr-like store one piece, if no piece length is given. */
  readonly layout?: 'auto' | 'chunks'
  /** A file that stores finished pieces, so that a run that was killed can be resumed. */
  readonly stateFile: string
  /** Whether a piece that the state file has may be used; by default, each may. */
  readonly accepts?: (piece: HashJob) => boolean
}

/** A torrent whose pieces are hashed in any order, by any thread. */
export interface StreamedTorrent extends Disposable {
  /** The digests, which `streamHasher` fills in; its buffers are shared between threads. */
  readonly plan: HashPlan
  /** Yields the pieces that the state file does not have, each as one job, whose parts name files by `identity`. */
  missing(): Generator<HashJob>
  /** Stores the digests of a piece that is hashed, and a note for who goes on behind it. */
  done(piece: HashJob, note?: Uint8Array): void
  /** The note that was stored with the piece before a missing one. */
  noteBefore(piece: HashJob): Uint8Array | undefined
  /** The zeros that follow a file of this size in v1 (BEP 47). */
  padBytesAfter(sizeBytes: number): number
  /** The torrent, when every piece has been done. */
  finish(): CreatedTorrent
}

/**
 * Lays out a torrent of files that the caller reads (BEP 3, 47, 52). Throws a RangeError for a piece length that is not
 * possible, and an Error if all files are empty or the state file is another kind of file.
 */
export function startStreamed(streamed: readonly StreamedFile[], options: StreamedOptions): StreamedTorrent {
  const ordered = inOrder(streamed, options.version)
  const { files, names } = tableOf(ordered)
  if (options.portable) assertPortable(names)
  if (files.sizeBytes === 0) throw new Error('There is no data to make a torrent of; every file is empty.')
  const { version } = options
  const layout = layOut(files, version, choosePieceLength(files, version, options))
  const plan = hashPlan(layout)
  const log = openResumeLog(options.stateFile, plan, {
    samples: false,
    ...(options.accepts && { accepts: options.accepts }),
  })
  return {
    plan,
    missing: () => log.remaining(cutJobs(sourcesOf(ordered, layout), { ...layout, grain: 'piece' })),
    done: log.done,
    noteBefore: log.noteBefore,
    padBytesAfter: (sizeBytes) => padBytesAfter(sizeBytes, layout),
    finish: () =>
      describeTorrent(
        {
          ...infoOptions(options),
          ...{ name: options.name, layout, files, isSingleFile: options.isSingleFile },
          sha1: plan.sha1 && Buffer.from(plan.sha1),
          sha256: plan.sha256 && Buffer.from(plan.sha256),
          resumedBytes: log.resumedBytes(),
        },
        options,
        { skipped: [], names },
      ),
    [Symbol.dispose]: log.close,
  }
}

/** The order of the v2 file tree, or in v1 that of whole paths as bytes. */
function inOrder(files: readonly StreamedFile[], version: Layout['version']): StreamedFile[] {
  if (version === 'v1') return [...files].sort((a, b) => compareUtf8(a.path.join('/'), b.path.join('/')))
  return [...files].sort((a, b) => {
    const length = Math.min(a.path.length, b.path.length)
    for (let i = 0; i < length; i++) {
      const order = compareUtf8(a.path[i]!, b.path[i]!)
      if (order !== 0) return order
    }
    return a.path.length - b.path.length
  })
}

function tableOf(ordered: readonly StreamedFile[]): { files: FileTable; names: NameProblems } {
  const files = new FileTable()
  const names = new NameProblems()
  const directories = new Map<string, { number: number; path: readonly string[]; entries: Set<string> }>()
  const directoryOf = (path: readonly string[]) => {
    const key = path.join('/')
    const known = directories.get(key)
    if (known) return known
    const made = {
      number: files.addDirectory({ diskPath: key, path, stamp: null }),
      path,
      entries: new Set<string>(),
    }
    directories.set(key, made)
    if (path.length > 0) directoryOf(path.slice(0, -1)).entries.add(path.at(-1)!)
    return made
  }
  for (const { path, sizeBytes } of ordered) {
    const directory = directoryOf(path.slice(0, -1))
    directory.entries.add(path.at(-1)!)
    files.add(directory.number, path.at(-1)!, { sizeBytes, mtimeMs: 0, ctimeMs: 0, inode: 0 })
  }
  for (const { path, entries } of directories.values()) names.addDirectory(path, [...entries])
  return { files, names }
}

function* sourcesOf(ordered: readonly StreamedFile[], layout: Layout) {
  for (const { identity, sizeBytes } of ordered)
    if (sizeBytes > 0)
      yield { path: identity, sizeBytes, stamp: null, padBytes: padBytesAfter(sizeBytes, layout) }
}
