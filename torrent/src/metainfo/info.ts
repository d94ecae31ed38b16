import { assertCanonical, BencodeError, kindAt, lookUp, type Span, stringSpan } from '../bencode.ts'
import { blockBytes } from '../merkle.ts'
import { type FileEntry, maxTorrentBytes, readInteger } from './file-entry.ts'
import { singleFile, walkFileList } from './file-list.ts'
import { loneFileName, walkFileTree } from './file-tree.ts'
import { assertSameFiles } from './hybrid.ts'
import { MetainfoError, MetainfoLimitError } from './metainfo-error.ts'
import { distinctPaths } from './path-collisions.ts'
import { climbs, type PathLimits, textOf } from './paths.ts'

/** The contents of `info`, checked, without its files, which are iterated over. */
export interface Info {
  readonly hasV1: boolean
  readonly hasV2: boolean
  readonly name: string
  readonly pieceLengthBytes: number
  /** Whether the torrent is one file named `name`, and not a directory of that name. */
  readonly isSingleFile: boolean
  /** The size of the files in bytes, without padding. */
  readonly sizeBytes: number
  /** The size with the padding that aligns files to pieces, which is libtorrent's `total_size`. */
  readonly paddedSizeBytes: number
  readonly fileCount: number
  /** The SHA-1 digests of the pieces; null in a v2-only torrent. */
  readonly pieces: Span | null
  readonly places: InfoPlaces
  /** The end of `info`. */
  readonly end: number
  /** Iterates over the files in order, with pad files for v1. */
  walk(): Generator<FileEntry>
}

/** The keys of `info` that are read, here and by `parseMetainfo`. */
const infoKeys = [
  'collections',
  'file tree',
  'files',
  'length',
  'meta version',
  'name',
  'name.utf-8',
  'piece length',
  'pieces',
  'private',
  'similar',
  'source',
] as const

/** The positions of the values of `info`, -1 for those that are missing. */
export type InfoPlaces = Readonly<Record<(typeof infoKeys)[number], number>>

export interface InfoLimits extends PathLimits {
  readonly maxFiles: number
  readonly maxPieces: number
}

/** Reads and checks the `info` dictionary at `at` (BEP 3, 47, 52) without building a list of files. Throws MetainfoError. */
export function readInfo(bytes: Uint8Array, at: number, limits: InfoLimits): Info {
  const { at: places, end } = lookUp(bytes, at, infoKeys)
  const version = readInteger(bytes, places['meta version']) ?? 1
  if (version > 0 && places['meta version'] >= 0) demandCanonical(bytes, at)
  if (version > 2) throw new MetainfoError('info.meta version', `unknown version ${version}`)
  const pieceLengthBytes = readPieceLength(bytes, places, version)
  const treeAt = findTree(bytes, places, version)
  const filesAt = ofKind(bytes, places.files, 'list')
  const isV1 = version < 2 || filesAt >= 0 || places.length >= 0
  const isV2 = version === 2
  const name = readName(bytes, places, { mayBeEmpty: filesAt >= 0 || isV2 })
  const isSingleFile = filesAt < 0 && (!isV2 || loneFileName(bytes, treeAt) === name)
  if (isV1 && isV2 && filesAt < 0 && !isSingleFile)
    throw new MetainfoError(
      'info.length',
      'means a single file, but info.file tree contains another or several',
    )

  const walkV1 = () =>
    filesAt >= 0 ? walkFileList(bytes, filesAt, limits) : single(bytes, at, { name, limits })
  const walk = isV2 ? () => walkFileTree(bytes, treeAt, limits) : walkV1
  const field = isV2 ? 'info.file tree' : 'info.files'
  const files = distinctPaths(walk, { field, maxEntries: limits.maxFiles * 2 })
  const totals = measure(files, isV2 ? pieceLengthBytes : 1, limits.maxFiles)
  let paddedSizeBytes = totals.paddedSizeBytes
  if (isV1 && isV2) paddedSizeBytes = assertSameFiles(walkV1, walk, { pieceLengthBytes, ...limits })
  if (totals.fileCount === 0) throw new MetainfoError('info', 'no files')
  if (paddedSizeBytes === 0) throw new MetainfoError('info', 'the files are all empty')
  const pieceCount = Math.ceil(paddedSizeBytes / pieceLengthBytes)
  if (pieceCount > limits.maxPieces)
    throw new MetainfoLimitError('info.piece length', `${pieceCount} pieces, more than ${limits.maxPieces}`)
  const pieces = readPieces(bytes, places, { isV1, pieceCount })
  return {
    ...totals,
    hasV1: isV1,
    hasV2: isV2,
    name,
    pieceLengthBytes,
    isSingleFile,
    paddedSizeBytes,
    pieces,
    places,
    end,
    walk,
  }
}

function* single(
  bytes: Uint8Array,
  at: number,
  file: { name: string; limits: PathLimits },
): Generator<FileEntry> {
  yield singleFile(bytes, at, file)
}

function demandCanonical(bytes: Uint8Array, at: number): void {
  try {
    assertCanonical(bytes, at)
  } catch (error) {
    if (error instanceof BencodeError) throw new MetainfoError('info', error.message)
    throw error
  }
}

function readPieceLength(bytes: Uint8Array, places: InfoPlaces, version: number): number {
  const length = readInteger(bytes, places['piece length'])
  if (length === null || length <= 0 || length >= 2 ** 30)
    throw new MetainfoError('info.piece length', 'is missing or out of range')
  if (version > 1 && (length < blockBytes || !Number.isInteger(Math.log2(length))))
    throw new MetainfoError('info.piece length', 'must be a power of two of at least 16 KiB (BEP 52)')
  return length
}

function findTree(bytes: Uint8Array, places: InfoPlaces, version: number): number {
  const treeAt = ofKind(bytes, places['file tree'], 'dictionary')
  if (version === 2 && treeAt < 0) throw new MetainfoError('info.file tree', 'is missing')
  if (version < 2 && treeAt >= 0)
    throw new MetainfoError('info.meta version', 'is missing beside a file tree')
  return treeAt
}

/** The position if it has a value of that kind, else -1. */
function ofKind(bytes: Uint8Array, at: number, kind: 'list' | 'dictionary' | 'string'): number {
  return at >= 0 && kindAt(bytes, at) === kind ? at : -1
}

function readName(bytes: Uint8Array, places: InfoPlaces, { mayBeEmpty }: { mayBeEmpty: boolean }): string {
  const nameAt = [places['name.utf-8'], places.name].find((at) => ofKind(bytes, at, 'string') >= 0)
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
    if (++entries > maxFiles) throw new MetainfoLimitError('info', `more than ${maxFiles} files`)
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
  places: InfoPlaces,
  expect: { isV1: boolean; pieceCount: number },
): Span | null {
  const piecesAt = ofKind(bytes, places.pieces, 'string')
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
