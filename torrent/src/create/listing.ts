import { lstatSync, readdirSync, statSync } from 'node:fs'
import { setImmediate } from 'node:timers/promises'

export type Kind = 'file' | 'directory' | 'link' | 'broken' | 'other'
const kinds: readonly Kind[] = ['file', 'directory', 'link', 'broken', 'other']

/** A directory's entries in columns: a flat directory may hold a million. */
export interface Listing {
  readonly names: readonly string[]
  kindAt(index: number): Kind
  readonly sizes: Float64Array
  readonly mtimesMs: Float64Array
  readonly isExecutable: Uint8Array
}

/** Looks at each of `names`; a link is what it leads to when `follow`, else itself. */
export async function listEntries(
  names: readonly string[],
  follow: boolean,
  placeOf: (name: string) => string,
): Promise<Listing> {
  const kindOf = new Uint8Array(names.length)
  const sizes = new Float64Array(names.length)
  const mtimesMs = new Float64Array(names.length)
  const isExecutable = new Uint8Array(names.length)
  for (let index = 0; index < names.length; index++) {
    // Let signals and reports through.
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
    isExecutable[index] = stat.mode & 0o100 ? 1 : 0
  }
  return { names, kindAt: (index) => kinds[kindOf[index]!]!, sizes, mtimesMs, isExecutable }
}

/** The names in a directory. Throws on one that is not UTF-8, for a torrent could not say it. */
export function readNames(diskPath: string): string[] {
  const names = readdirSync(diskPath)
  // What cannot be decoded shows as U+FFFD, which a name may also contain by itself.
  if (names.some((name) => name.includes('\ufffd')))
    for (const raw of readdirSync(diskPath, { encoding: 'buffer' }))
      if (Buffer.compare(Buffer.from(raw.toString()), raw) !== 0)
        throw new Error(
          `${diskPath}/${raw} is not named in UTF-8, which torrents demand; rename it or exclude its directory.`,
        )
  return names
}

/**
 * The order of a listing: by name as bytes, which is that of a v2 file tree; or with a slash behind directories, which is
 * that of whole paths.
 */
export function orderOf({ names, kindAt }: Listing, order: 'tree' | 'path'): Uint32Array {
  const key = (index: number) =>
    order === 'path' && kindAt(index) === 'directory' ? `${names[index]}/` : names[index]!
  return Uint32Array.from(names.keys()).sort((a, b) => compareUtf8(key(a), key(b)))
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

function statTarget(place: string) {
  try {
    return statSync(place)
  } catch {
    return null
  }
}
