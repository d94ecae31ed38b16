import { findKey, findKeys, integerAt, kindAt, stringSpan } from '../bencode.ts'
import { MetainfoError } from './metainfo-error.ts'
import { readSymlink, textOf } from './paths.ts'

/** A file as one of the two file lists of `info` states it. */
export interface FileEntry {
  readonly path: string[]
  readonly sizeBytes: number
  /** The letters of BEP 47 `attr` except `p` and `l`: `x` executable, `h` hidden. */
  readonly attributes: string
  readonly isPad: boolean
  readonly symlink: string[] | null
  /** BEP 52 `pieces root`, in hex; null for v1, empty files and symlinks. */
  readonly piecesRoot: string | null
}

/** libtorrent's bound: a Merkle tree of 16 KiB blocks whose nodes an int32 can count. */
export const maxFileBytes = 1_073_741_823 * 16_384
/** Sum of sizes that libtorrent's 48-bit offsets hold. */
export const maxTorrentBytes = 2 ** 48 - 1

/** The keys that describe a file, in the order of `FileKeys.found`. */
const fileKeys = ['length', 'attr', 'symlink path', 'path', 'path.utf-8', 'pieces root'] as const

/** Where the values of one file's dictionary stand; made once and filled for each file, of which there are millions. */
export class FileKeys {
  readonly found = new Int32Array(fileKeys.length)

  /** Takes the dictionary at `at` and returns its end. */
  read(bytes: Uint8Array, at: number): number {
    return findKeys(bytes, at, fileKeys, this.found)
  }

  at(key: (typeof fileKeys)[number]): number {
    return this.found[fileKeys.indexOf(key)]!
  }
}

/** The size, attributes and target of a file; the parts that v1 and v2 share. Throws MetainfoError. */
export function readFile(
  bytes: Uint8Array,
  keys: FileKeys,
  file: { path: string[]; field: () => string },
): FileEntry {
  const attrAt = keys.at('attr')
  const attr =
    attrAt >= 0 && kindAt(bytes, attrAt) === 'string' ? textOf(bytes, stringSpan(bytes, attrAt)) : ''
  const lengthAt = keys.at('length')
  const length = lengthAt >= 0 && kindAt(bytes, lengthAt) === 'integer' ? integerAt(bytes, lengthAt) : -1
  const isLink = attr.includes('l')
  // A symlink takes no room in the torrent whatever `length` says (BEP 47).
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

/** The integer under `key` of the dictionary at `at`; null when it is missing or something else. */
export function findInteger(bytes: Uint8Array, at: number, key: string): number | null {
  const value = findKey(bytes, at, key)
  return value >= 0 && kindAt(bytes, value) === 'integer' ? integerAt(bytes, value) : null
}

/** The string under `key` as text; null when it is missing or something else. */
export function findString(bytes: Uint8Array, at: number, key: string): string | null {
  const value = findKey(bytes, at, key)
  return value >= 0 && kindAt(bytes, value) === 'string' ? textOf(bytes, stringSpan(bytes, value)) : null
}
