import type { FileEntry } from './file-entry.ts'
import { MetainfoError, MetainfoLimitError } from './metainfo-error.ts'

/**
 * Yields the files unchanged, and throws a MetainfoError if two of them would collide on disk: the same path twice, a file
 * whose path is a directory of another's path, or a path that leads through a symlink of the torrent. Pad files may repeat.
 *
 * Only hashes of paths are kept, eight bytes for each file and directory, because there may be millions. If two hashes are
 * equal, the paths are compared as text before anything is rejected.
 */
export function* distinctPaths(
  walk: () => Generator<FileEntry>,
  { field, maxEntries }: { field: string; maxEntries: number },
): Generator<FileEntry> {
  const taken = hashTable()
  const prefixes = prefixHasher()
  let agreements = 0
  for (const file of walk()) {
    if (!file.isPad) {
      const { path } = file
      for (let depth = prefixes.start(path); depth <= path.length; depth++) {
        const isFile = depth === path.length
        prefixes.extend(path, depth)
        if (taken.add(prefixes.a(depth), prefixes.b(depth), isFile)) continue
        assertApart(walk, path.slice(0, depth), field)
        if (++agreements > maxAgreements) throw new MetainfoError(field, 'paths made to look alike')
      }
      if (taken.size() > maxEntries)
        throw new MetainfoLimitError(field, `more than ${maxEntries} files and directories`)
    }
    yield file
  }
}

/**
 * The number of different paths with equal hashes that is accepted: by chance, one torrent of a million files in a
 * million has one such pair.
 */
const maxAgreements = 8

/** Throws a MetainfoError if a file at `path` collides with another file there, or with a path below it. */
function assertApart(walk: () => Generator<FileEntry>, path: readonly string[], field: string): void {
  let [files, below, isLink] = [0, 0, false]
  for (const file of walk()) {
    if (file.isPad || !startsWith(file.path, path)) continue
    if (file.path.length > path.length) below++
    else files++
    if (file.path.length === path.length && file.symlink) isLink = true
  }
  const name = JSON.stringify(path.join('/'))
  if (files > 1) throw new MetainfoError(field, `${name} is there twice`)
  if (files === 1 && below > 0)
    throw new MetainfoError(
      field,
      isLink ? `a path leads through the symlink ${name}` : `${name} is a file and a directory`,
    )
}

function startsWith(path: readonly string[], start: readonly string[]): boolean {
  return path.length >= start.length && start.every((element, i) => element === path[i])
}

/** Hashes every prefix of a path to two 32-bit values; prefixes shared with the previous path are not hashed again. */
function prefixHasher() {
  const lanes = { a: [seed()], b: [seed()] }
  let previous: readonly string[] = []
  return {
    /** Starts the next path; returns the depth from which its prefixes are new. */
    start(path: readonly string[]): number {
      const shared = Math.min(path.length, previous.length) - 1
      let depth = 0
      while (depth < shared && path[depth] === previous[depth]) depth++
      previous = path
      return depth + 1
    },
    /** Computes the hash of the first `depth` elements from that of one fewer. */
    extend(path: readonly string[], depth: number): void {
      const element = path[depth - 1]!
      let a = lanes.a[depth - 1]!
      let b = lanes.b[depth - 1]!
      for (let i = 0; i < element.length; i++) {
        const unit = element.charCodeAt(i)
        a = Math.imul(a ^ unit, 0x01000193)
        b = Math.imul((b << 5) ^ (b >>> 27) ^ unit, 0x9e3779b1)
      }
      lanes.a[depth] = Math.imul(a ^ slash, 0x01000193)
      lanes.b[depth] = Math.imul((b << 5) ^ (b >>> 27) ^ slash, 0x9e3779b1)
    },
    a: (depth: number) => mix(lanes.a[depth]! ^ (lanes.b[depth]! >>> 9)),
    b: (depth: number) => mix(lanes.b[depth]!),
  }
}

const slash = 0x2f

/** A random number for each torrent, so that nobody can prepare paths with equal hashes. */
function seed(): number {
  return Math.floor(Math.random() * 2 ** 32) | 0
}

/** The finalizer of MurmurHash3. */
function mix(hash: number): number {
  let mixed = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35)
  return mixed ^ (mixed >>> 16)
}

/**
 * A set of hashes in flat memory, at most half full. The last bit of the first value says whether the path is a file or
 * a directory.
 */
function hashTable() {
  let a = new Int32Array(1024)
  let b = new Int32Array(1024)
  let count = 0

  /** The place of the hash, or the empty place for it. A directory and a file with the same hash have the same place. */
  function placeOf(first: number, second: number): number {
    const mask = a.length - 1
    let at = second & mask
    while ((a[at] !== 0 || b[at] !== 0) && !((a[at]! & ~1) === first && b[at] === second))
      at = (at + 1) & mask
    return at
  }

  function grow(): void {
    const [oldA, oldB] = [a, b]
    a = new Int32Array(oldA.length * 2)
    b = new Int32Array(oldA.length * 2)
    for (let i = 0; i < oldA.length; i++) {
      if (oldA[i] === 0 && oldB[i] === 0) continue
      const at = placeOf(oldA[i]! & ~1, oldB[i]!)
      a[at] = oldA[i]!
      b[at] = oldB[i]!
    }
  }

  return {
    size: () => count,
    /**
     * Adds a path and returns whether it is compatible with the existing ones: a directory may occur again, a file may
     * not, and neither may be the other.
     */
    add(laneA: number, laneB: number, isFile: boolean): boolean {
      const [first, second] = [laneA & ~1, laneB === 0 ? 1 : laneB]
      const at = placeOf(first, second)
      if (a[at] !== 0 || b[at] !== 0) return !isFile && (a[at]! & 1) === 0
      a[at] = first | (isFile ? 1 : 0)
      b[at] = second
      if (++count > a.length / 2) grow()
      return true
    },
  }
}
