import { hash } from 'node:crypto'
import { BencodeError, kindAt, lookUp, scanValue, valueEnd } from './bencode.ts'
import { readInteger, readText } from './metainfo/file-entry.ts'
import { type Info, readInfo } from './metainfo/info.ts'
import { MetainfoError, MetainfoLimitError } from './metainfo/metainfo-error.ts'
import { type OuterFields, outerKeys, readOuter, readStrings, type UrlLimits } from './metainfo/outer.ts'
import { type PieceLayers, readPieceLayers } from './metainfo/piece-layers.ts'

export { MetainfoError, MetainfoLimitError } from './metainfo/metainfo-error.ts'
export type { Tracker, Webseed } from './metainfo/outer.ts'

/** A file of a torrent. Pad files are not listed; they appear as gaps between the `offset`s. */
export interface MetainfoFile {
  /** The path under the torrent's root directory; in a single-file torrent, the name itself. No element leads upwards. */
  readonly path: readonly string[]
  readonly sizeBytes: number
  /** The offset of the file among the torrent's bytes, including padding. */
  readonly offset: number
  /** The BEP 52 root in hex, which is the same for the same content in any torrent. Null for v1, empty files and symlinks. */
  readonly piecesRoot: string | null
  /** The letters `x` executable and `h` hidden (BEP 47). */
  readonly attributes: string
  /** The target of a symlink, as a path under the torrent's root. */
  readonly symlink: readonly string[] | null
}

/** A `.torrent` that was checked; hashes are in lowercase hex, sizes in bytes. */
export interface Metainfo extends OuterFields {
  readonly infoHashV1: string | null
  readonly infoHashV2: string | null
  readonly name: string
  /** Whether the torrent is one file called `name`, and not a directory of that name. */
  readonly isSingleFile: boolean
  /** The size of the files in bytes, without padding. */
  readonly sizeBytes: number
  /** The size with padding, which libtorrent calls the total size. */
  readonly paddedSizeBytes: number
  readonly pieceLengthBytes: number
  /** The number of files, including empty ones and symlinks, without pad files. */
  readonly fileCount: number
  /** All files, built on first use; `iterateFiles` keeps only one in memory at a time. */
  readonly files: readonly MetainfoFile[]
  readonly private: boolean
  readonly source: string | null
  /** Infohashes (hex) of torrents that probably share files with this one (BEP 38). */
  readonly similar: readonly string[]
  readonly collections: readonly string[]
  /** Whether every v2 file with several pieces has its piece layer here. True for v1. */
  readonly hasPieceLayers: boolean
  /** The exact bytes that the infohashes are computed from. */
  readonly infoBytes: Uint8Array
  /** The SHA-1 digests of the pieces, 20 bytes each; null in a v2-only torrent. */
  readonly pieces: Uint8Array | null
  /** The bytes of the parsed file. */
  readonly bytes: Uint8Array
  /** The piece layer of the file with this root, one digest (32 bytes) per piece; null if it is not included. */
  pieceLayer(piecesRoot: string): Uint8Array | null
  /** Iterates over the files in order. */
  iterateFiles(): Generator<MetainfoFile>
}

export interface MetainfoLimits {
  readonly maxBytes: number
  /** The nesting depth of bencode, and the number of elements of a path. */
  readonly maxDepth: number
  readonly maxValues: number
  readonly maxFiles: number
  readonly maxPieces: number
  /** The size of a whole path from the torrent's root, as UTF-8. */
  readonly maxPathBytes: number
  /** The number of trackers, of webseeds of each kind, and of similar torrents and collections (BEP 38). */
  readonly maxUrls: number
  /** The size of each of these. */
  readonly maxUrlBytes: number
}

export const defaultMetainfoLimits: MetainfoLimits = {
  maxBytes: 512 * 2 ** 20,
  maxDepth: 100,
  maxValues: 40_000_000,
  maxFiles: 4_000_000,
  maxPieces: 2 ** 21,
  maxPathBytes: 4_096,
  maxUrls: 2_000,
  maxUrlBytes: 8_192,
}

/**
 * Parses and checks a `.torrent`: v1, v2 or hybrid (BEP 3, 12, 17, 19, 27, 38, 47, 52). It accepts the same files as
 * libtorrent 2.0, with the exceptions explained in torrent/README.md. Throws MetainfoError, which names the field, or
 * MetainfoLimitError if the file only exceeds the limits.
 */
export function parseMetainfo(file: Uint8Array, limits: Partial<MetainfoLimits> = {}): Metainfo {
  const bytes = Buffer.from(file.buffer, file.byteOffset, file.length)
  const bounds = { ...defaultMetainfoLimits, ...limits }
  const outer = findOuter(bytes, bounds)
  const info = readInfo(bytes, outer.info, bounds)
  const { places, pieceLengthBytes } = info
  const infoBytes = bytes.subarray(outer.info, info.end)
  const { layers, complete } = info.hasV2
    ? readPieceLayers(bytes, outer['piece layers'], { walk: info.walk, pieceLengthBytes })
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
    pieceLengthBytes,
    fileCount: info.fileCount,
    get files() {
      files ??= [...placeFiles(info, alignTo)]
      return files
    },
    private: (readInteger(bytes, places.private) ?? 0) !== 0,
    source: readText(bytes, places.source),
    ...readOuter(bytes, outer, bounds),
    ...readRelations(bytes, [places, outer], bounds),
    hasPieceLayers: complete,
    infoBytes,
    pieces: info.pieces && bytes.subarray(info.pieces.start, info.pieces.end),
    bytes,
    pieceLayer: (piecesRoot) => layerOf(bytes, layers, piecesRoot),
    iterateFiles: () => placeFiles(info, alignTo),
  }
}

/** The parts of a `.torrent` that its infohashes do not cover, around an `info` that was not parsed. */
export type Envelope = OuterFields & Pick<Metainfo, 'bytes' | 'infoBytes'>

/** Reads only the fields around `info`, for a file that was parsed before, in a fraction of the time. Throws MetainfoError. */
export function readEnvelope(file: Uint8Array, limits: Partial<MetainfoLimits> = {}): Envelope {
  const bytes = Buffer.from(file.buffer, file.byteOffset, file.length)
  const bounds = { ...defaultMetainfoLimits, ...limits }
  const outer = findOuter(bytes, bounds)
  const infoBytes = bytes.subarray(outer.info, valueEnd(bytes, outer.info))
  return { ...readOuter(bytes, outer, bounds), bytes, infoBytes }
}

/** Iterates over the files of a `.torrent`, in bounded memory. Throws MetainfoError before the first file. */
export function iterateFiles(bytes: Uint8Array, limits?: Partial<MetainfoLimits>): Generator<MetainfoFile> {
  return parseMetainfo(bytes, limits).iterateFiles()
}

/** Checks the structure and finds the fields around `info`, and `info` itself. */
function findOuter(bytes: Uint8Array, limits: MetainfoLimits) {
  if (bytes.length > limits.maxBytes)
    throw new MetainfoLimitError('file', `${bytes.length} bytes, more than ${limits.maxBytes}`)
  try {
    scanValue(bytes, 0, limits)
  } catch (error) {
    if (error instanceof BencodeError) throw new MetainfoError('file', `is not bencode: ${error.message}`)
    throw error
  }
  if (kindAt(bytes, 0) !== 'dictionary') throw new MetainfoError('file', 'is not a dictionary')
  const { at } = lookUp(bytes, 0, [...outerKeys, 'info', 'piece layers', 'similar', 'collections'])
  if (at.info < 0 || kindAt(bytes, at.info) !== 'dictionary') throw new MetainfoError('info', 'is missing')
  return at
}

function* placeFiles(info: Info, alignTo: number): Generator<MetainfoFile> {
  let offset = 0
  for (const { path, sizeBytes, piecesRoot, attributes, symlink, isPad } of info.walk()) {
    if (!isPad) yield { path, sizeBytes, offset, piecesRoot, attributes, symlink }
    offset += Math.ceil(sizeBytes / alignTo) * alignTo
  }
}

/** BEP 38 puts these fields inside `info`; libtorrent writes them next to it. Both are read. */
function readRelations(
  bytes: Uint8Array,
  places: readonly Readonly<Record<'similar' | 'collections', number>>[],
  limits: UrlLimits,
) {
  const both = (key: 'similar' | 'collections') =>
    places.flatMap((at) => readStrings(bytes, at[key], { key, ...limits }))
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
