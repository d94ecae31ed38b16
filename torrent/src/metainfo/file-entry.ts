import { findKey, integerAt, kindAt, stringSpan } from '../bencode.ts'
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

/** Reads `length`, `attr` and `symlink path` of the dictionary at `at`; the parts that v1 and v2 share. */
export function readAttributes(
  bytes: Uint8Array,
  at: number,
  entry: { path: string[]; field: () => string },
) {
  const attr = findString(bytes, at, 'attr') ?? ''
  const targetAt = attr.includes('l') ? findKey(bytes, at, 'symlink path') : -1
  const symlink =
    targetAt >= 0 && kindAt(bytes, targetAt) === 'list' ? readSymlink(bytes, targetAt, entry) : null
  // A symlink takes no room in the torrent whatever `length` says (BEP 47).
  const sizeBytes = attr.includes('l') ? 0 : findInteger(bytes, at, 'length')
  if (sizeBytes === null || sizeBytes < 0 || sizeBytes > maxFileBytes)
    throw new MetainfoError(entry.field(), 'invalid or missing length')
  return {
    sizeBytes,
    isPad: attr.includes('p'),
    symlink: symlink?.length ? symlink : null,
    attributes: [...'xh'].filter((letter) => attr.includes(letter)).join(''),
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
