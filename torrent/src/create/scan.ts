import { type Dirent, realpathSync, statSync } from 'node:fs'
import { lstat, readdir, readlink, stat } from 'node:fs/promises'
import { basename, matchesGlob, relative, resolve, sep } from 'node:path'
import { FileTable } from './file-table.ts'

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
  const scan = { files: new FileTable(), isSingleFile: false, skipped: [] as Scan['skipped'] }
  const roots = paths.map((path) => resolve(path))
  const only = roots.length === 1 ? await stat(roots[0]!) : null
  if (only?.isFile()) {
    const directory = scan.files.addDirectory({ diskPath: resolve(roots[0]!, '..'), path: [] })
    scan.files.add(directory, basename(roots[0]!), { sizeBytes: only.size, mtimeMs: only.mtimeMs })
    return { ...scan, isSingleFile: true }
  }
  const walk: Walk = { ...scan, options, root: only ? roots[0]! : null, ancestors: [] }
  if (only) await walkDirectory(walk, roots[0]!, [])
  else await walkSeveral(walk, roots)
  return scan
}

interface Walk extends Scan {
  readonly options: ScanOptions
  /** The directory whose contents the torrent holds; null when several paths were given. */
  readonly root: string | null
  /** Real paths of the directories above, which a followed link may not lead back to. */
  readonly ancestors: string[]
}

interface Entry {
  readonly name: string
  readonly diskPath: string
  readonly isDirectory: boolean
  readonly isLink: boolean
}

async function walkSeveral(walk: Walk, roots: readonly string[]): Promise<void> {
  const entries: Entry[] = []
  for (const diskPath of roots) {
    const name = basename(diskPath)
    if (entries.some((entry) => entry.name === name))
      throw new Error(
        `Two of the paths are called ${name}; put them into one directory under different names.`,
      )
    entries.push({ name, diskPath, isDirectory: (await stat(diskPath)).isDirectory(), isLink: false })
  }
  const directory = walk.files.addDirectory({ diskPath: '', path: [] })
  await addEntries(walk, directory, entries, [])
}

async function walkDirectory(walk: Walk, diskPath: string, path: readonly string[]): Promise<void> {
  walk.options.signal?.throwIfAborted()
  const real = walk.options.symlinks === 'follow' ? realpathSync(diskPath) : diskPath
  if (walk.ancestors.includes(real)) {
    walk.skipped.push({ path: diskPath, reason: 'a symlink that leads back to a directory it is in' })
    return
  }
  walk.ancestors.push(real)
  const entries: Entry[] = []
  for (const entry of await readdir(diskPath, { withFileTypes: true, encoding: 'buffer' })) {
    const known = await describeEntry(walk, diskPath, entry)
    if (known) entries.push(known)
  }
  const directory = walk.files.addDirectory({ diskPath, path })
  await addEntries(walk, directory, entries, path)
  walk.ancestors.pop()
}

/** Decides whether an entry of a directory belongs into the torrent; null and a note in `skipped` when not. */
async function describeEntry(walk: Walk, parent: string, entry: Dirent<Buffer>): Promise<Entry | null> {
  const name = entry.name.toString()
  const diskPath = `${parent}/${name}`
  if (Buffer.compare(Buffer.from(name), entry.name) !== 0)
    throw new Error(
      `${diskPath} is not named in UTF-8, which torrents demand; rename it or exclude its directory.`,
    )
  if (!entry.isSymbolicLink()) {
    const isDirectory = entry.isDirectory()
    if (isDirectory || entry.isFile()) return { name, diskPath, isDirectory, isLink: false }
    walk.skipped.push({ path: diskPath, reason: 'not a file or directory' })
    return null
  }
  if (walk.options.symlinks === 'keep') return { name, diskPath, isDirectory: false, isLink: true }
  const target = walk.options.symlinks === 'follow' ? await stat(diskPath).catch(() => null) : null
  if (target?.isDirectory() || target?.isFile())
    return { name, diskPath, isDirectory: target.isDirectory(), isLink: false }
  walk.skipped.push({
    path: diskPath,
    reason: walk.options.symlinks === 'skip' ? 'a symlink' : 'a broken symlink',
  })
  return null
}

async function addEntries(
  walk: Walk,
  directory: number,
  entries: Entry[],
  path: readonly string[],
): Promise<void> {
  const { exclude, order } = walk.options
  const key = (entry: Entry) => (order === 'path' && entry.isDirectory ? `${entry.name}/` : entry.name)
  entries.sort((a, b) => compareUtf8(key(a), key(b)))
  for (const entry of entries) {
    const entryPath = [...path, entry.name]
    if (isExcluded(entryPath, exclude)) continue
    if (entry.isDirectory) await walkDirectory(walk, entry.diskPath, entryPath)
    else if (entry.isLink) await addLink(walk, directory, entry)
    else addFile(walk, directory, entry)
  }
}

function addFile(walk: Walk, directory: number, { name, diskPath }: Entry): void {
  const found = statSync(diskPath)
  const attributes = walk.options.attributes && (found.mode & 0o100) !== 0 ? 'x' : ''
  const index = walk.files.add(directory, name, { sizeBytes: found.size, mtimeMs: found.mtimeMs, attributes })
  if (walk.root === null && walk.files.at(index).diskPath !== diskPath)
    walk.files.setDiskPath(index, diskPath)
  walk.options.onFile?.(walk.files.length, walk.files.sizeBytes)
}

async function addLink(walk: Walk, directory: number, { name, diskPath }: Entry): Promise<void> {
  const target = resolve(diskPath, '..', await readlink(diskPath))
  const inside = walk.root === null ? '..' : relative(walk.root, target)
  const path = inside.split(sep)
  if (inside === '' || path[0] === '..' || inside.startsWith('/')) {
    walk.skipped.push({ path: diskPath, reason: 'a symlink that leaves the directory' })
    return
  }
  const index = walk.files.add(directory, name, { sizeBytes: 0, mtimeMs: (await lstat(diskPath)).mtimeMs })
  walk.files.setSymlink(index, path)
}

function isExcluded(path: readonly string[], globs: readonly string[]): boolean {
  const whole = path.join('/')
  return globs.some((glob) =>
    glob.includes('/') ? matchesGlob(whole, glob.replace(/^\/|\/$/g, '')) : matchesGlob(path.at(-1)!, glob),
  )
}

/** Orders strings as their UTF-8 bytes: as code points, where JavaScript's own order has surrogates too low. */
export function compareUtf8(a: string, b: string): number {
  const length = Math.min(a.length, b.length)
  for (let i = 0; i < length; i++) {
    const x = a.charCodeAt(i)
    const y = b.charCodeAt(i)
    if (x !== y) return rank(x) - rank(y)
  }
  return a.length - b.length
}

function rank(unit: number): number {
  return unit < 0xd800 ? unit : unit < 0xe000 ? unit + 0x2000 : unit - 0x800
}
