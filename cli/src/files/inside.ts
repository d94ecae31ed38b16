import { constants, type Stats } from 'node:fs'
import { type FileHandle, link, lstat, mkdir, open, rename, rm } from 'node:fs/promises'
import { join, sep } from 'node:path'
import { CommandError } from '../command-error.ts'

// File names that strangers chose are written under a directory that the user named. Whatever those names are, and
// whatever exists there already, nothing is written outside that directory, through a link, or over something else.

/** The place of a path under `root`. Throws a CommandError if a name could lead elsewhere on any system. */
export function placeInside(root: string, path: readonly string[]): string {
  for (const name of path)
    if (
      name === '' ||
      name === '.' ||
      name === '..' ||
      /[/\0]/.test(name) ||
      (sep === '\\' && /[\\:]/.test(name))
    )
      throw new CommandError('failure', `${JSON.stringify(name)} is not a possible file name here.`)
  if (path.length === 0) throw new CommandError('failure', `A file under ${root} has no name.`)
  return join(root, ...path)
}

/** The file itself, not what a link leads to; null if nothing is there. */
export async function lookAt(place: string): Promise<Stats | null> {
  try {
    return await lstat(place)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR') return null
    throw error
  }
}

/** Checks directories under a root, each of them once. */
export interface Parents {
  /** Throws a CommandError if a link, a file or anything else is where a directory above this path must be. */
  check(path: readonly string[]): Promise<void>
  /** Does the same, and makes missing directories. */
  make(path: readonly string[]): Promise<void>
}

/** Returns the checker for `root`, which may itself be a link, because the user named it. */
export function parentsUnder(root: string): Parents {
  const known = new Map<string, 'there' | 'missing'>()
  async function walk(path: readonly string[], makes: boolean): Promise<void> {
    let place = root
    for (const name of path.slice(0, -1)) {
      place = placeInside(place, [name])
      const before = known.get(place)
      if (before === 'there') continue
      if (before === 'missing' && !makes) return
      if (makes) await mkdir(place).catch(unlessThere)
      const found = await lookAt(place)
      if (found && !found.isDirectory()) throw inTheWay(place, found)
      known.set(place, found ? 'there' : 'missing')
      if (!found) return
    }
  }
  return { check: (path) => walk(path, false), make: (path) => walk(path, true) }
}

/** A CommandError that says what is in the place of a file or directory. */
export function inTheWay(place: string, found: Stats): CommandError {
  const what = found.isSymbolicLink()
    ? 'a symlink, and nothing is written through one'
    : found.isDirectory()
      ? 'a directory'
      : found.isFile()
        ? 'a file'
        : 'not an ordinary file'
  return new CommandError('failure', `${place} is ${what}; move it away or choose another --output.`)
}

/**
 * Opens a file for reading and writing and creates it if it is missing. It never opens the target of a link, a device
 * or a pipe.
 */
export async function openOwn(place: string): Promise<FileHandle> {
  const { O_RDWR, O_CREAT, O_NOFOLLOW = 0, O_NONBLOCK = 0 } = constants
  const handle = await open(place, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK, 0o666).catch(
    async (error: NodeJS.ErrnoException) => {
      const found = await lookAt(place)
      throw found && !found.isFile() ? inTheWay(place, found) : error
    },
  )
  const found = await handle.stat()
  if (found.isFile()) return handle
  await handle.close()
  throw inTheWay(place, found)
}

/** Moves a file to a place where nothing exists; returns false if something is there after all. */
export async function moveToFree(from: string, to: string): Promise<boolean> {
  try {
    // A rename would replace what has appeared there in the meantime; a hard link never does.
    await link(from, to)
    await rm(from)
    return true
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EEXIST') return false
    if (!['EPERM', 'ENOTSUP', 'ENOSYS', 'EOPNOTSUPP', 'EMLINK'].includes(code ?? '')) throw error
  }
  // Some file systems, such as FAT, have no hard links.
  if (await lookAt(to)) return false
  await rename(from, to)
  return true
}

function unlessThere(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EEXIST') throw error
}
