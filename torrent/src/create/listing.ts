import { lstatSync, readdirSync, statSync } from 'node:fs'
import { setImmediate } from 'node:timers/promises'

export type Kind = 'file' | 'directory' | 'link' | 'broken' | 'other'
const kinds: readonly Kind[] = ['file', 'directory', 'link', 'broken', 'other']

/** The entries of a directory as columns, because a flat directory may have a million. */
export interface Listing {
  readonly names: readonly string[]
  kindAt(index: number): Kind
  readonly sizes: Float64Array
  readonly mtimesMs: Float64Array
  readonly ctimesMs: Float64Array
  readonly inodes: Float64Array
  readonly isExecutable: Uint8Array
}

/** Reads the state of each of `names`; a link is its target if `follow`, else itself. */
export async function listEntries(
  names: readonly string[],
  follow: boolean,
  placeOf: (name: string) => string,
): Promise<Listing> {
  const kindOf = new Uint8Array(names.length)
  const sizes = new Float64Array(names.length)
  const mtimesMs = new Float64Array(names.length)
  const ctimesMs = new Float64Array(names.length)
  const inodes = new Float64Array(names.length)
  const isExecutable = new Uint8Array(names.length)
  for (let index = 0; index < names.length; index++) {
    // Gives signals and progress reports a chance to run.
    if (index % 4096 === 4095) await setImmediate()
    const place = placeOf(names[index]!)
    let stat = lstatSync(place)
    let kind: Kind = stat.isSymbolicLink()
      ? 'link'
      : stat.isDirectory()
        ? 'directory'
        : stat.isFile()
          ? 'file'
          : 'other'
    if (kind === 'link' && follow) {
      const target = statTarget(place)
      if (target) stat = target
      kind = target?.isFile() ? 'file' : target?.isDirectory() ? 'directory' : 'broken'
    }
    kindOf[index] = kinds.indexOf(kind)
    sizes[index] = stat.size
    mtimesMs[index] = stat.mtimeMs
    ctimesMs[index] = stat.ctimeMs
    inodes[index] = stat.ino
    isExecutable[index] = stat.mode & 0o100 ? 1 : 0
  }
  return { names, kindAt: (index) => kinds[kindOf[index]!]!, sizes, mtimesMs, ctimesMs, inodes, isExecutable }
}

/** The names in a directory. Throws an Error for a name that is not UTF-8, which a torrent could not contain. */
export function readNames(diskPath: string): string[] {
  const names = readdirSync(diskPath)
  // Bytes that are not UTF-8 are decoded to U+FFFD, which a valid name may also contain.
  if (names.some((name) => name.includes('\ufffd')))
    for (const raw of readdirSync(diskPath, { encoding: 'buffer' }))
      if (Buffer.compare(Buffer.from(raw.toString()), raw) !== 0)
        throw new Error(
          `${diskPath}/${raw} has a name that is not UTF-8, which torrents require; rename it or exclude its directory.`,
        )
  return names
}

/**
 * The order of a listing: either by name as bytes, which is the order of a v2 file tree, or with a slash after
 * directories, which is the order of whole paths.
 */
export function orderOf({ names, kindAt }: Listing, order: 'tree' | 'path'): Uint32Array {
  const key = (index: number) =>
    order === 'path' && kindAt(index) === 'directory' ? `${names[index]}/` : names[index]!
  return Uint32Array.from(names.keys()).sort((a, b) => compareUtf8(key(a), key(b)))
}

/** Compares strings by their UTF-8 bytes, which is the order of code points; JavaScript's own order puts surrogates too low. */
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

function statTarget(place: string) {
  try {
    return statSync(place)
  } catch {
    return null
  }
}
