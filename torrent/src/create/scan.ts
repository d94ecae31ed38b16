import { readlinkSync, realpathSync } from 'node:fs'
import { stat } from 'node:fs/promises'
import { basename, dirname, matchesGlob, relative, resolve, sep } from 'node:path'
import { FileTable } from './file-table.ts'
import { type Listing, listEntries, orderOf, readNames } from './listing.ts'

export interface ScanOptions {
  /** Globs. One without a slash matches a name anywhere, one with a slash a path under the root; directories go whole. */
  readonly exclude: readonly string[]
  /** `follow` stores what a link points to, `keep` the link itself (BEP 47), `skip` neither. */
  readonly symlinks: 'follow' | 'keep' | 'skip'
  /** Record the executable bit, which not every platform has. */
  readonly attributes: boolean
  /** `tree` is the order of a v2 file tree, `path` that of whole paths as bytes (mktorrent's). */
  readonly order: 'tree' | 'path'
  readonly onFile?: (count: number, sizeBytes: number) => void
  readonly signal?: AbortSignal
}

export interface Scan {
  readonly files: FileTable
  /** The one path given is a file, not a directory. */
  readonly isSingleFile: boolean
  /** What was left out and why, as paths on disk. */
  readonly skipped: { readonly path: string; readonly reason: string }[]
}

/** Lists what a torrent of `paths` would hold, in an order that only the names decide. Throws on what cannot be read. */
export async function scanFiles(paths: readonly string[], options: ScanOptions): Promise<Scan> {
  const roots = paths.map((path) => resolve(path))
  const [only] = roots
  const isDirectory = roots.length === 1 && (await stat(only!)).isDirectory()
  const scan = { files: new FileTable(), isSingleFile: roots.length === 1 && !isDirectory, skipped: [] }
  const walk: Walk = { ...scan, options, root: isDirectory ? only! : null, ancestors: [] }
  if (isDirectory) await walkDirectory(walk, only!, [])
  else await walkSeveral(walk, roots)
  return scan
}

interface Walk extends Scan {
  readonly options: ScanOptions
  /** The directory whose contents the torrent holds; null when files or several paths were given. */
  readonly root: string | null
  /** Real paths of the directories above, which a followed link may not lead back to. */
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
  // A path that was named is meant, even when it is a link.
  const listing = await listEntries([...places.keys()], true, (name) => places.get(name)!)
  for (const index of orderOf(listing, walk.options.order)) {
    const name = listing.names[index]!
    const diskPath = dirname(places.get(name)!)
    const directory = walk.files.addDirectory({ diskPath: diskPath === '/' ? '' : diskPath, path: [] })
    await addEntry(walk, { listing, index, directory, diskPath: places.get(name)!, path: [name] })
  }
}

async function walkDirectory(walk: Walk, diskPath: string, path: readonly string[]): Promise<void> {
  const { exclude, symlinks, order, signal } = walk.options
  signal?.throwIfAborted()
  const real = symlinks === 'follow' ? realpathSync(diskPath) : diskPath
  if (walk.ancestors.includes(real)) {
    walk.skipped.push({ path: diskPath, reason: 'a symlink that leads back to a directory it is in' })
    return
  }
  walk.ancestors.push(real)
  const base = diskPath === '/' ? '' : diskPath
  const names = readNames(diskPath).filter((name) => !isExcluded([...path, name], exclude))
  const listing = await listEntries(names, symlinks === 'follow', (name) => `${base}/${name}`)
  const directory = walk.files.addDirectory({ diskPath: base, path })
  for (const index of orderOf(listing, order)) {
    const name = names[index]!
    await addEntry(walk, { listing, index, directory, diskPath: `${base}/${name}`, path: [...path, name] })
  }
  walk.ancestors.pop()
}

interface Entry {
  readonly listing: Listing
  readonly index: number
  /** The directory's number in the table. */
  readonly directory: number
  readonly diskPath: string
  readonly path: readonly string[]
}

/** Takes an entry into the torrent, or notes in `skipped` why not. */
function addEntry(walk: Walk, entry: Entry): Promise<void> | undefined {
  const { listing, index, directory, diskPath, path } = entry
  const name = listing.names[index]!
  const mtimeMs = listing.mtimesMs[index]!
  switch (listing.kindAt(index)) {
    case 'directory':
      return walkDirectory(walk, diskPath, path)
    case 'file': {
      const attributes = walk.options.attributes && listing.isExecutable[index] === 1 ? 'x' : ''
      walk.files.add(directory, name, { sizeBytes: listing.sizes[index]!, mtimeMs, attributes })
      walk.options.onFile?.(walk.files.length, walk.files.sizeBytes)
      return
    }
    case 'link': {
      const target = walk.options.symlinks === 'keep' ? targetInside(walk.root, diskPath) : null
      if (target) walk.files.setSymlink(walk.files.add(directory, name, { sizeBytes: 0, mtimeMs }), target)
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

/** Where a link leads, as a path under the root; null when it leaves it or is the root itself. */
function targetInside(root: string | null, diskPath: string): string[] | null {
  if (root === null) return null
  const inside = relative(root, resolve(dirname(diskPath), readlinkSync(diskPath)))
  const path = inside.split(sep)
  return inside === '' || path[0] === '..' || inside.startsWith(sep) ? null : path
}

function isExcluded(path: readonly string[], globs: readonly string[]): boolean {
  if (globs.length === 0) return false
  const whole = path.join('/')
  return globs.some((glob) =>
    glob.includes('/') ? matchesGlob(whole, glob.replace(/^\/|\/$/g, '')) : matchesGlob(path.at(-1)!, glob),
  )
}
