import { accessSync, constants, lstatSync, readdirSync, readlinkSync, type Stats, statSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { basename, dirname, join, relative, resolve, sep } from 'node:path'
import type { Metainfo, MetainfoFile } from '../metainfo.ts'

/** The files on disk that belong to a torrent. */
export interface OnDisk {
  readonly root: string
  /** The path of a file, whether or not it exists; if it exists under another Unicode form of the name, that path. */
  placeOf(file: MetainfoFile): string
  look(file: MetainfoFile): Found
  /** Paths that exist in another Unicode form than the torrent's, as they are on disk. */
  readonly otherForms: ReadonlyMap<string, string>
  /** Files under the root that are not in the torrent. */
  findExtra(): Promise<string[]>
}

export type Found =
  | { readonly is: 'file'; readonly sizeBytes: number }
  /** A symlink where the torrent has one, with the same target or another. */
  | { readonly is: 'link'; readonly isRight: boolean }
  | { readonly is: 'nothing' | 'other' | 'unreadable' }

export function filesOnDisk(metainfo: Metainfo, root: string): OnDisk {
  const otherForms = new Map<string, string>()
  const nameIn = formFinder()
  const placeOf = (file: MetainfoFile): string => {
    const place = placeOnDisk(metainfo, root, file)
    // Only names that are not ASCII have several Unicode forms.
    if (metainfo.isSingleFile || isAscii(file.path) || lstatOf(place)) return place
    const found = file.path.reduce((directory, name) => join(directory, nameIn(directory, name)), root)
    if (found === place || !lstatOf(found)) return place
    otherForms.set(file.path.join('/'), under(root, found))
    return found
  }
  return {
    root,
    placeOf,
    look: (file) => look(metainfo, root, { file, place: placeOf(file) }),
    otherForms,
    findExtra: () => findExtra(metainfo, root, otherForms),
  }
}

/** The path of a torrent's file. It was checked when it was parsed, and is checked once more against this root. */
export function placeOnDisk(metainfo: Metainfo, root: string, file: MetainfoFile): string {
  if (metainfo.isSingleFile) return root
  const place = join(root, ...file.path)
  if (!place.startsWith(root.endsWith(sep) ? root : root + sep))
    throw new Error(`${file.path.join('/')} would lie outside ${root}.`)
  return place
}

/**
 * The path of the torrent's file or directory. A person may name that path, the directory that contains it, or one that
 * a client made for it: of these, the one with most of the first files is used.
 */
export function findRoot(metainfo: Metainfo, path: string): string {
  const { name, isSingleFile } = metainfo
  if (!isDirectory(path)) return path
  const nameIn = formFinder()
  const inside = join(path, nameIn(path, name))
  const within = isDirectory(inside) ? [join(inside, nameIn(inside, name))] : []
  // A directory that was renamed is meant all the same.
  const candidates = isSingleFile ? [inside, ...within] : [path, inside, ...within]
  const [best] = candidates
    .map((root, index) => ({ root, index, count: countFiles(metainfo, root) }))
    .sort((a, b) => b.count - a.count || a.index - b.index)
  if (best!.count > 0 || isSingleFile) return best!.root
  return basename(path) !== name && isDirectory(inside) ? inside : path
}

const countedFiles = 200

function countFiles(metainfo: Metainfo, root: string): number {
  const { look } = filesOnDisk(metainfo, root)
  let [looked, count] = [0, 0]
  for (const file of metainfo.iterateFiles()) {
    if (looked++ === countedFiles) break
    const found = look(file)
    if (found.is === 'file') count += found.sizeBytes === file.sizeBytes ? 2 : 1
  }
  return count
}

function look(
  metainfo: Metainfo,
  root: string,
  { file, place }: { readonly file: MetainfoFile; readonly place: string },
): Found {
  try {
    if (file.symlink) {
      const stat = lstatSync(place)
      if (!stat.isSymbolicLink()) return { is: 'other' }
      const target = relative(root, resolve(dirname(place), readlinkSync(place)))
      return { is: 'link', isRight: metainfo.isSingleFile || sameText(target.split(sep), file.symlink) }
    }
    const stat = statSync(place)
    if (!stat.isFile()) return { is: 'other' }
    accessSync(place, constants.R_OK)
    return { is: 'file', sizeBytes: stat.size }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    return { is: code === 'EACCES' || code === 'EPERM' ? 'unreadable' : 'nothing' }
  }
}

async function findExtra(
  metainfo: Metainfo,
  root: string,
  otherForms: ReadonlyMap<string, string>,
): Promise<string[]> {
  const known = new Set<string>(otherForms.values())
  for (const { path } of metainfo.iterateFiles()) known.add(path.join('/'))
  const extra: string[] = []
  const directories = [root]
  for (let directory = directories.pop(); directory !== undefined; directory = directories.pop()) {
    // A directory that cannot be listed has no files that could be named.
    const entries = await readdir(directory, { withFileTypes: true }).catch(() => [])
    for (const entry of entries) {
      const place = join(directory, entry.name)
      if (entry.isDirectory()) directories.push(place)
      else if (!known.has(under(root, place))) extra.push(under(root, place))
    }
  }
  return extra.sort()
}

/** Finds a name in a directory, in whichever Unicode form it has there; the name itself when there is none. */
function formFinder(): (directory: string, name: string) => string {
  const listings = new Map<string, Map<string, string>>()
  return (directory, name) => {
    if (isAscii([name]) || lstatOf(join(directory, name))) return name
    let listing = listings.get(directory)
    if (!listing) {
      listing = new Map(namesIn(directory).map((there) => [there.normalize('NFC'), there]))
      listings.set(directory, listing)
    }
    return listing.get(name.normalize('NFC')) ?? name
  }
}

function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory)
  } catch {
    return []
  }
}

function isAscii(path: readonly string[]): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: ASCII begins with them
  return path.every((name) => /^[\u0000-\u007f]*$/.test(name))
}

function sameText(a: readonly string[], b: readonly string[]): boolean {
  return a.join('/').normalize('NFC') === b.join('/').normalize('NFC')
}

function under(root: string, place: string): string {
  return place.slice(root.endsWith(sep) ? root.length : root.length + 1).replaceAll(sep, '/')
}

function isDirectory(place: string): boolean {
  try {
    return statSync(place).isDirectory()
  } catch {
    return false
  }
}

function lstatOf(place: string): Stats | undefined {
  try {
    return lstatSync(place, { throwIfNoEntry: false })
  } catch {
    return undefined
  }
}
