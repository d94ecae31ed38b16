import { hash } from 'node:crypto'
import { BencodeError, findKey, kindAt, type Span, scanValue, valueEnd } from './bencode.ts'
import { findInteger, findString } from './metainfo/file-entry.ts'
import { type Info, readInfo } from './metainfo/info.ts'
import { MetainfoError } from './metainfo/metainfo-error.ts'
import { type OuterFields, readOuter, readStrings } from './metainfo/outer.ts'
import { type PieceLayers, readPieceLayers } from './metainfo/piece-layers.ts'

export { MetainfoError } from './metainfo/metainfo-error.ts'
export type { Tracker, WebSeed } from './metainfo/outer.ts'

/** A file of a torrent; pad files are not listed, they show as gaps between `offset`s. */
export interface MetainfoFile {
  /** Under the torrent's root directory; in a single-file torrent the name itself. No element climbs. */
  readonly path: readonly string[]
  readonly sizeBytes: number
  /** Where the file starts among the torrent's bytes, padding counted. */
  readonly offset: number
  /** BEP 52 root in hex: the same for the same content in any torrent. Null for v1, empty files and symlinks. */
  readonly piecesRoot: string | null
  /** `x` executable, `h` hidden (BEP 47). */
  readonly attributes: string
  /** Where a symlink points, as a path under the torrent's root. */
  readonly symlink: readonly string[] | null
}

/** A `.torrent`, checked; hashes in lowercase hex, sizes in bytes. */
export interface Metainfo extends OuterFields {
  readonly infoHashV1: string | null
  readonly infoHashV2: string | null
  readonly name: string
  /** One file called `name`, not a directory of that name. */
  readonly isSingleFile: boolean
  /** Of the files, without padding. */
  readonly sizeBytes: number
  /** With padding: what libtorrent calls the total size. */
  readonly paddedSizeBytes: number
  readonly pieceLengthBytes: number
  /** Files, empty ones and symlinks included, pads not. */
  readonly fileCount: number
  /** All files at once, made when first asked for; `iterateFiles` holds one at a time. */
  readonly files: readonly MetainfoFile[]
  readonly private: boolean
  readonly source: string | null
  /** Infohashes (hex) whose files are likely shared (BEP 38). */
  readonly similar: readonly string[]
  readonly collections: readonly string[]
  /** Every v2 file of several pieces has its piece layer here. True for v1. */
  readonly hasPieceLayers: boolean
  /** The exact bytes that the infohashes cover. */
  readonly infoBytes: Uint8Array
  /** SHA-1 digests of the pieces, 20 bytes each; null in a v2-only torrent. */
  readonly pieces: Uint8Array | null
  /** The file that was parsed. */
  readonly bytes: Uint8Array
  /** One digest (32 bytes) a piece of the file with this root; null when it is not here. */
  pieceLayer(piecesRoot: string): Uint8Array | null
  /** The files in order, one at a time. */
  iterateFiles(): Generator<MetainfoFile>
}

export interface MetainfoLimits {
  readonly maxBytes: number
  readonly maxDepth: number
  readonly maxValues: number
  readonly maxFiles: number
  readonly maxPieces: number
  /** Trackers, and webseeds of each kind. */
  readonly maxUrls: number
}

export const defaultMetainfoLimits: MetainfoLimits = {
  maxBytes: 512 * 2 ** 20,
  maxDepth: 100,
  maxValues: 40_000_000,
  maxFiles: 4_000_000,
  maxPieces: 2 ** 21,
  maxUrls: 2_000,
}

/**
 * Parses and checks a `.torrent`: v1, v2 or hybrid (BEP 3, 12, 17, 19, 27, 38, 47, 52). Accepts what libtorrent 2.0 does
 * except where torrent/README.md says why not. Throws MetainfoError naming the field.
 */
export function parseMetainfo(file: Uint8Array, limits: Partial<MetainfoLimits> = {}): Metainfo {
  const bytes = Buffer.from(file.buffer, file.byteOffset, file.length)
  const bounds = { ...defaultMetainfoLimits, ...limits }
  const infoSpan = findInfo(bytes, bounds)
  const infoBytes = bytes.subarray(infoSpan.start, infoSpan.end)
  const info = readInfo(bytes, infoSpan.start, bounds)
  const { layers, complete } = info.hasV2
    ? readPieceLayers(bytes, info.walk(), info.pieceLengthBytes)
    : { layers: new Map(), complete: true }
  const alignTo = info.hasV2 ? info.pieceLengthBytes : 1
  let files: MetainfoFile[] | undefined
  return {
    infoHashV1: info.hasV1 ? hash('sha1', infoBytes) : null,
    infoHashV2: info.hasV2 ? hash('sha256', infoBytes) : null,
    name: info.name,
    isSingleFile: info.isSingleFile,
    sizeBytes: info.sizeBytes,
    paddedSizeBytes: info.paddedSizeBytes,
    pieceLengthBytes: info.pieceLengthBytes,
    fileCount: info.fileCount,
    get files() {
      files ??= [...placeFiles(info, alignTo)]
      return files
    },
    private: (findInteger(bytes, infoSpan.start, 'private') ?? 0) !== 0,
    source: findString(bytes, infoSpan.start, 'source'),
    ...readOuter(bytes, bounds.maxUrls),
    ...readRelations(bytes, infoSpan.start),
    hasPieceLayers: complete,
    infoBytes,
    pieces: info.pieces && bytes.subarray(info.pieces.start, info.pieces.end),
    bytes,
    pieceLayer: (piecesRoot) => layerOf(bytes, layers, piecesRoot),
    iterateFiles: () => placeFiles(info, alignTo),
  }
}

/** The files of a `.torrent` one at a time, in bounded memory. Throws MetainfoError before the first. */
export function iterateFiles(bytes: Uint8Array, limits?: Partial<MetainfoLimits>): Generator<MetainfoFile> {
  return parseMetainfo(bytes, limits).iterateFiles()
}

function findInfo(bytes: Uint8Array, limits: MetainfoLimits): Span {
  if (bytes.length > limits.maxBytes)
    throw new MetainfoError('file', `${bytes.length} bytes, more than ${limits.maxBytes}`)
  try {
    scanValue(bytes, 0, limits)
  } catch (error) {
    if (error instanceof BencodeError) throw new MetainfoError('file', `is not bencode: ${error.message}`)
    throw error
  }
  if (kindAt(bytes, 0) !== 'dictionary') throw new MetainfoError('file', 'is not a dictionary')
  const start = findKey(bytes, 0, 'info')
  if (start < 0 || kindAt(bytes, start) !== 'dictionary') throw new MetainfoError('info', 'is missing')
  return { start, end: valueEnd(bytes, start) }
}

function* placeFiles(info: Info, alignTo: number): Generator<MetainfoFile> {
  let offset = 0
  for (const { path, sizeBytes, piecesRoot, attributes, symlink, isPad } of info.walk()) {
    if (!isPad) yield { path, sizeBytes, offset, piecesRoot, attributes, symlink }
    offset += Math.ceil(sizeBytes / alignTo) * alignTo
  }
}

/** BEP 38 stands inside `info` by its text and beside it in libtorrent's files; both are read. */
function readRelations(bytes: Uint8Array, infoAt: number) {
  const both = (key: string) => [...readStrings(bytes, infoAt, key), ...readStrings(bytes, 0, key)]
  const similar = both('similar').filter(({ length }) => length === 20 || length === 32)
  return {
    similar: [...new Set(similar.map((digest) => Buffer.from(digest).toString('hex')))],
    collections: [...new Set(both('collections').map((name) => Buffer.from(name).toString()))],
  }
}

function layerOf(bytes: Uint8Array, layers: PieceLayers, piecesRoot: string): Uint8Array | null {
  const span = layers.get(piecesRoot)
  return span ? bytes.subarray(span.start, span.end) : null
}
