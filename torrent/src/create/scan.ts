import { readlinkSync, realpathSync, statSync } from 'node:fs'
import { stat } from 'node:fs/promises'
import { basename, dirname, matchesGlob, relative, resolve, sep } from 'node:path'
import { FileTable } from './file-table.ts'
import { type Listing, listEntries, orderOf, readNames } from './listing.ts'
import { NameProblems } from './names.ts'

export interface ScanOptions {
  /**
   * Globs of names to leave out. One without a slash matches a name anywhere, one with a slash a path under the root; a
   * directory is left out completely.
   */
  readonly exclude: readonly string[]
  /** `follow` stores the target of a link, `keep` the link itself (BEP 47), `skip` neither. */
  readonly symlinks: 'follow' | 'keep' | 'skip'
  /** Whether to record the executable bit, which not every platform has. */
  readonly attributes: boolean
  /** `tree` is the order of a v2 file tree, `path` the order of whole paths as bytes (as in mktorrent). */
  readonly order: 'tree' | 'path'
  /** Returns the reason to leave out a file or directory of this name; undefined to include it. */
  readonly passOver: ((name: string) => string | undefined) | undefined
  /** Paths on disk that are left out, such as the torrent's own file. */
  readonly leaveOut: ReadonlySet<string>
  readonly onFile?: (count: number, sizeBytes: number) => void
  readonly signal?: AbortSignal
}

export interface Scan {
  readonly files: FileTable
  /** Whether the one path that was given is a file and not a directory. */
  readonly isSingleFile: boolean
  /** What was left out and why, as paths on disk. */
  readonly skipped: { readonly path: string; readonly reason: string }[]
  readonly names: NameProblems
}

/**
 * Lists the files that a torrent of `paths` contains, in an order that only depends on names. Throws an Error if
 * something cannot be read.
 */
export async function scanFiles(paths: readonly string[], options: ScanOptions): Promise<Scan> {
  const roots = paths.map((path) => resolve(path))
  const [only] = roots
  const isDirectory = roots.length === 1 && (await stat(only!)).isDirectory()
  const scan = {
    files: new FileTable(),
    isSingleFile: roots.length === 1 && !isDirectory,
    skipped: [],
    names: new NameProblems(),
  }
  const walk: Walk = { ...scan, options, root: isDirectory ? only! : null, ancestors: [] }
  if (isDirectory) await walkDirectory(walk, only!, [])
  else await walkSeveral(walk, roots)
  return scan
}

interface Walk extends Scan {
  readonly options: ScanOptions
  /** The directory whose contents the torrent contains; null if files or several paths were given. */
  readonly root: string | null
  /** Real paths of the parent directories; a link to one of them must not be followed. */
  readonly ancestors: string[]
}

async function walkSeveral(walk: Walk, roots: readonly string[]): Promise<void> {
  const places = new Map<string, string>()
  for (const root of roots) {
    const name = basename(root)
    if (places.has(name))
      throw new Error(
        `Two of the paths are called ${name}; put them into one directory under different names.`,
      )
    places.set(name, root)
  }
  walk.names.addDirectory([], [...places.keys()])
  // A path that the user named is followed, even if it is a link.
  const listing = await listEntries([...places.keys()], true, (name) => places.get(name)!)
  for (const index of orderOf(listing, walk.options.order)) {
    const name = listing.names[index]!
    const diskPath = dirname(places.get(name)!)
    const directory = walk.files.addDirectory({
      diskPath: diskPath === '/' ? '' : diskPath,
      path: [],
      stamp: null,
    })
    await addEntry(walk, { listing, index, directory, diskPath: places.get(name)!, path: [name] })
  }
}

async function walkDirectory(walk: Walk, diskPath: string, path: readonly string[]): Promise<void> {
  const { exclude, symlinks, order, leaveOut, passOver, signal } = walk.options
  signal?.throwIfAborted()
  const real = symlinks === 'follow' ? realpathSync(diskPath) : diskPath
  if (walk.ancestors.includes(real)) {
    walk.skipped.push({ path: diskPath, reason: 'a symlink that leads back to a directory it is in' })
    return
  }
  walk.ancestors.push(real)
  const base = diskPath === '/' ? '' : diskPath
  // The times are read before the directory is listed, so that anything added later changes them.
  const { mtimeMs, ctimeMs } = statSync(diskPath)
  const isTaken = (name: string) => {
    const reason = passOver?.(name)
    if (reason !== undefined) skip(walk, `${base}/${name}`, reason)
    return reason === undefined
  }
  const names = readNames(diskPath).filter(
    (name) => !isExcluded([...path, name], exclude) && !leaveOut.has(`${base}/${name}`) && isTaken(name),
  )
  walk.names.addDirectory(path, names)
  const listing = await listEntries(names, symlinks === 'follow', (name) => `${base}/${name}`)
  const directory = walk.files.addDirectory({ diskPath: base, path, stamp: { mtimeMs, ctimeMs } })
  for (const index of orderOf(listing, order)) {
    const name = names[index]!
    await addEntry(walk, { listing, index, directory, diskPath: `${base}/${name}`, path: [...path, name] })
  }
  walk.ancestors.pop()
}

interface Entry {
  readonly listing: Listing
  readonly index: number
  /** The number of the directory in the table. */
  readonly directory: number
  readonly diskPath: string
  readonly path: readonly string[]
}

/** Adds an entry to the torrent, or says in `skipped` why it was left out. */
function addEntry(walk: Walk, entry: Entry): Promise<void> | undefined {
  const { listing, index, directory, diskPath, path } = entry
  const name = listing.names[index]!
  const found = {
    sizeBytes: listing.sizes[index]!,
    mtimeMs: listing.mtimesMs[index]!,
    ctimeMs: listing.ctimesMs[index]!,
    inode: listing.inodes[index]!,
  }
  switch (listing.kindAt(index)) {
    case 'directory':
      return walkDirectory(walk, diskPath, path)
    case 'file': {
      const attributes = walk.options.attributes && listing.isExecutable[index] === 1 ? 'x' : ''
      walk.files.add(directory, name, { ...found, attributes })
      walk.options.onFile?.(walk.files.length, walk.files.sizeBytes)
      return
    }
    case 'link': {
      const target = walk.options.symlinks === 'keep' ? targetInside(walk.root, diskPath) : null
      if (target) walk.files.setSymlink(walk.files.add(directory, name, { ...found, sizeBytes: 0 }), target)
      else
        skip(
          walk,
          diskPath,
          walk.options.symlinks === 'keep' ? 'a symlink that leaves the directory' : 'a symlink',
        )
      return
    }
    case 'broken':
      return skip(walk, diskPath, 'a broken symlink')
    case 'other':
      return skip(walk, diskPath, 'not a file or directory')
  }
}

function skip(walk: Walk, path: string, reason: string): undefined {
  walk.skipped.push({ path, reason })
}

/** The target of a link as a path under the root; null if it leaves the root or is the root itself. */
function targetInside(root: string | null, diskPath: string): string[] | null {
  if (root === null) return null
  const inside = relative(root, resolve(dirname(diskPath), readlinkSync(diskPath)))
  const path = inside.split(sep)
  return inside === '' || path[0] === '..' || inside.startsWith(sep) ? null : path
}

/** Whether a glob matches the name of a path, or if it has a slash the whole path under the root. */
export function isExcluded(path: readonly string[], globs: readonly string[]): boolean {
  if (globs.length === 0) return false
  const whole = path.join('/')
  return globs.some((glob) =>
    glob.includes('/') ? matchesGlob(whole, glob.replace(/^\/|\/$/g, '')) : matchesGlob(path.at(-1)!, glob),
  )
}
