import { assertCanonical, BencodeError, findKey, kindAt, type Span, stringSpan } from '../bencode.ts'
import { blockBytes } from '../merkle.ts'
import { type FileEntry, findInteger, maxTorrentBytes } from './file-entry.ts'
import { singleFile, walkFileList } from './file-list.ts'
import { loneFileName, walkFileTree } from './file-tree.ts'
import { assertSameFiles } from './hybrid.ts'
import { MetainfoError } from './metainfo-error.ts'
import { climbs, textOf } from './paths.ts'

/** What `info` says, checked, without its files: those are walked. */
export interface Info {
  readonly hasV1: boolean
  readonly hasV2: boolean
  readonly name: string
  readonly pieceLengthBytes: number
  /** One file named `name`, not a directory of that name. */
  readonly isSingleFile: boolean
  /** Bytes of the files themselves. */
  readonly sizeBytes: number
  /** With the padding that aligns files to pieces: libtorrent's `total_size`. */
  readonly paddedSizeBytes: number
  readonly fileCount: number
  /** The SHA-1 digests of the pieces; null in a v2-only torrent. */
  readonly pieces: Span | null
  /** The files in order, pads included for v1. */
  walk(): Generator<FileEntry>
}

export interface InfoLimits {
  readonly maxFiles: number
  readonly maxPieces: number
}

/** Reads and checks the `info` dictionary at `at` (BEP 3, 47, 52), holding no list of files. Throws MetainfoError. */
export function readInfo(bytes: Uint8Array, at: number, limits: InfoLimits): Info {
  const version = findInteger(bytes, at, 'meta version') ?? 1
  if (version > 0 && findKey(bytes, at, 'meta version') >= 0) demandCanonical(bytes, at)
  if (version > 2) throw new MetainfoError('info.meta version', `unknown version ${version}`)
  const pieceLengthBytes = readPieceLength(bytes, at, version)
  const treeAt = findTree(bytes, at, version)
  const filesAt = findKind(bytes, at, 'files', 'list')
  const isV1 = version < 2 || filesAt >= 0 || findKey(bytes, at, 'length') >= 0
  const isV2 = version === 2
  const name = readName(bytes, at, { mayBeEmpty: filesAt >= 0 || isV2 })
  const isSingleFile = filesAt < 0 && (!isV2 || loneFileName(bytes, treeAt) === name)
  if (isV1 && isV2 && filesAt < 0 && !isSingleFile)
    throw new MetainfoError('info.length', 'stands for one file, info.file tree holds another or several')

  const walkV1 = () => (filesAt >= 0 ? walkFileList(bytes, filesAt) : single(bytes, at, name))
  const walk = isV2 ? () => walkFileTree(bytes, treeAt) : walkV1
  const totals = measure(walk(), isV2 ? pieceLengthBytes : 1, limits.maxFiles)
  let paddedSizeBytes = totals.paddedSizeBytes
  if (isV1 && isV2) paddedSizeBytes = assertSameFiles(walkV1, walk, { pieceLengthBytes, ...limits })
  if (totals.fileCount === 0) throw new MetainfoError('info', 'no files')
  if (paddedSizeBytes === 0) throw new MetainfoError('info', 'the files hold no bytes')
  const pieceCount = Math.ceil(paddedSizeBytes / pieceLengthBytes)
  if (pieceCount > limits.maxPieces)
    throw new MetainfoError('info.piece length', `${pieceCount} pieces, more than ${limits.maxPieces}`)
  const pieces = readPieces(bytes, at, { isV1, pieceCount })
  return {
    ...totals,
    hasV1: isV1,
    hasV2: isV2,
    name,
    pieceLengthBytes,
    isSingleFile,
    paddedSizeBytes,
    pieces,
    walk,
  }
}

function* single(bytes: Uint8Array, at: number, name: string): Generator<FileEntry> {
  yield singleFile(bytes, at, name)
}

function demandCanonical(bytes: Uint8Array, at: number): void {
  try {
    assertCanonical(bytes, at)
  } catch (error) {
    if (error instanceof BencodeError) throw new MetainfoError('info', error.message)
    throw error
  }
}

function readPieceLength(bytes: Uint8Array, at: number, version: number): number {
  const length = findInteger(bytes, at, 'piece length')
  if (length === null || length <= 0 || length >= 2 ** 30)
    throw new MetainfoError('info.piece length', 'is missing or out of range')
  if (version > 1 && (length < blockBytes || !Number.isInteger(Math.log2(length))))
    throw new MetainfoError('info.piece length', 'must be a power of two of at least 16 KiB (BEP 52)')
  return length
}

function findTree(bytes: Uint8Array, at: number, version: number): number {
  const treeAt = findKind(bytes, at, 'file tree', 'dictionary')
  if (version === 2 && treeAt < 0) throw new MetainfoError('info.file tree', 'is missing')
  if (version < 2 && treeAt >= 0)
    throw new MetainfoError('info.meta version', 'is missing beside a file tree')
  return treeAt
}

function findKind(
  bytes: Uint8Array,
  at: number,
  key: string,
  kind: 'list' | 'dictionary' | 'string',
): number {
  const value = findKey(bytes, at, key)
  return value >= 0 && kindAt(bytes, value) === kind ? value : -1
}

function readName(bytes: Uint8Array, at: number, { mayBeEmpty }: { mayBeEmpty: boolean }): string {
  const nameAt = ['name.utf-8', 'name']
    .map((key) => findKind(bytes, at, key, 'string'))
    .find((found) => found >= 0)
  if (nameAt === undefined) throw new MetainfoError('info.name', 'is missing')
  const name = textOf(bytes, stringSpan(bytes, nameAt))
  if (name.includes('\0')) throw new MetainfoError('info.name', 'contains a NUL byte')
  if (climbs(name))
    throw new MetainfoError('info.name', `${JSON.stringify(name.slice(0, 80))} leaves the download directory`)
  const element = name.replaceAll('/', '')
  if (element !== '' && element !== '.') return element
  if (!mayBeEmpty) throw new MetainfoError('info.name', 'is empty')
  return '_'
}

function measure(files: Generator<FileEntry>, alignTo: number, maxFiles: number) {
  const totals = { sizeBytes: 0, paddedSizeBytes: 0, fileCount: 0 }
  let entries = 0
  for (const { sizeBytes, isPad } of files) {
    if (++entries > maxFiles) throw new MetainfoError('info', `more than ${maxFiles} files`)
    if (!isPad) totals.fileCount++
    if (!isPad) totals.sizeBytes += sizeBytes
    totals.paddedSizeBytes += Math.ceil(sizeBytes / alignTo) * alignTo
    if (totals.paddedSizeBytes > maxTorrentBytes)
      throw new MetainfoError('info', 'the sizes add up to over 2^48 bytes')
  }
  return totals
}

function readPieces(
  bytes: Uint8Array,
  at: number,
  expect: { isV1: boolean; pieceCount: number },
): Span | null {
  const piecesAt = findKind(bytes, at, 'pieces', 'string')
  if (piecesAt < 0) {
    if (expect.isV1) throw new MetainfoError('info.pieces', 'is missing')
    return null
  }
  const span = stringSpan(bytes, piecesAt)
  if (span.end - span.start !== expect.pieceCount * 20)
    throw new MetainfoError(
      'info.pieces',
      `holds ${span.end - span.start} bytes, not 20 for each of ${expect.pieceCount} pieces`,
    )
  return expect.isV1 ? span : null
}
