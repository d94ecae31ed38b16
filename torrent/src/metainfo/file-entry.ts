import { findKeys, integerAt, kindAt, stringSpan } from '../bencode.ts'
import { MetainfoError } from './metainfo-error.ts'
import { type PathLimits, readSymlink, textOf } from './paths.ts'

/** A file as stated by one of the two file lists of `info`. */
export interface FileEntry {
  readonly path: string[]
  readonly sizeBytes: number
  /** The letters of BEP 47 `attr` except `p` and `l`: `x` executable, `h` hidden. */
  readonly attributes: string
  readonly isPad: boolean
  readonly symlink: string[] | null
  /** The BEP 52 `pieces root` in hex; null for v1, empty files and symlinks. */
  readonly piecesRoot: string | null
}

/** The limit of libtorrent: a Merkle tree of 16 KiB blocks whose nodes can be counted by an int32. */
export const maxFileBytes = 1_073_741_823 * 16_384
/** The largest total size that libtorrent's 48-bit offsets can hold. */
export const maxTorrentBytes = 2 ** 48 - 1

/** The keys that describe a file, in the order of `FileKeys.found`. */
const fileKeys = ['length', 'attr', 'symlink path', 'path', 'path.utf-8', 'pieces root'] as const

/** The positions of the values in a file's dictionary. The object is reused for each file, because there may be millions. */
export class FileKeys {
  readonly found = new Int32Array(fileKeys.length)

  /** Reads the dictionary at `at` and returns its end. */
  read(bytes: Uint8Array, at: number): number {
    return findKeys(bytes, at, fileKeys, this.found)
  }

  at(key: (typeof fileKeys)[number]): number {
    return this.found[fileKeys.indexOf(key)]!
  }
}

/** Reads the size, attributes and target of a file, which v1 and v2 have in common. Throws MetainfoError. */
export function readFile(
  bytes: Uint8Array,
  keys: FileKeys,
  file: { path: string[]; limits: PathLimits; field: () => string },
): FileEntry {
  const attr = readText(bytes, keys.at('attr')) ?? ''
  const length = readInteger(bytes, keys.at('length')) ?? -1
  const isLink = attr.includes('l')
  // A symlink takes no space in the torrent, whatever its `length` says (BEP 47).
  const sizeBytes = isLink ? 0 : length
  if (sizeBytes < 0 || sizeBytes > maxFileBytes)
    throw new MetainfoError(file.field(), 'invalid or missing length')
  const targetAt = isLink ? keys.at('symlink path') : -1
  const target = targetAt >= 0 && kindAt(bytes, targetAt) === 'list' ? readSymlink(bytes, targetAt, file) : []
  return {
    path: file.path,
    sizeBytes,
    attributes: attr === '' ? '' : `${attr.includes('x') ? 'x' : ''}${attr.includes('h') ? 'h' : ''}`,
    isPad: attr.includes('p'),
    symlink: target.length > 0 ? target : null,
    piecesRoot: null,
  }
}

/** The integer at `at`; null if there is no value (-1) or one of another kind. */
export function readInteger(bytes: Uint8Array, at: number): number | null {
  return at >= 0 && kindAt(bytes, at) === 'integer' ? integerAt(bytes, at) : null
}

/** The text of the string at `at`; null if there is no value (-1) or one of another kind. */
export function readText(bytes: Uint8Array, at: number): string | null {
  return at >= 0 && kindAt(bytes, at) === 'string' ? textOf(bytes, stringSpan(bytes, at)) : null
}
