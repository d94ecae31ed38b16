import { createHash } from 'node:crypto'
import { type OuterOptions, wrapInfo } from '../outer-fields.ts'
import { emitInfo, emitPieceLayers, type InfoParts } from './emit.ts'
import { describeNameProblem, type NameProblem, type NameProblems } from './names.ts'

export interface CreatedTorrent {
  readonly infoHashV1: string | null
  readonly infoHashV2: string | null
  readonly name: string
  /** The size of the files in bytes, without padding. */
  readonly sizeBytes: number
  readonly pieceLengthBytes: number
  readonly pieceCount: number
  readonly fileCount: number
  /** The `.torrent` in one piece, built on first use. */
  readonly metainfo: Uint8Array
  /** The `.torrent` in chunks, for trees whose `.torrent` is large. */
  chunks(): Generator<Uint8Array>
  /** Files that were left out of the torrent, with the reason. */
  readonly skipped: readonly { readonly path: string; readonly reason: string }[]
  /** Names that cause problems on other systems; at most the first hundred. */
  readonly nameProblems: readonly NameProblem[]
  readonly nameProblemCount: number
  /** The number of bytes that did not have to be read again because of the resume file. */
  readonly resumedBytes: number
}

/** What was left out of a torrent, and the names in it. */
export interface Remarks {
  readonly skipped: CreatedTorrent['skipped']
  readonly names: NameProblems
}

/** The result of hashing, with the infohashes of what the parts give. */
export function describeTorrent(
  parts: InfoParts & { readonly resumedBytes: number },
  outer: OuterOptions,
  { skipped, names }: Remarks,
): CreatedTorrent {
  const { files, layout, sha256 } = parts
  const [sha1OfInfo, sha256OfInfo] = [createHash('sha1'), createHash('sha256')]
  for (const chunk of emitInfo(parts)) {
    sha1OfInfo.update(chunk)
    sha256OfInfo.update(chunk)
  }
  const chunks = () =>
    wrapInfo(outer, {
      info: () => emitInfo(parts),
      pieceLayers: sha256 && (() => emitPieceLayers(files, layout, sha256)),
    })
  return {
    infoHashV1: parts.sha1 ? sha1OfInfo.digest('hex') : null,
    infoHashV2: sha256 ? sha256OfInfo.digest('hex') : null,
    name: parts.name,
    sizeBytes: files.sizeBytes,
    pieceLengthBytes: layout.pieceLengthBytes,
    pieceCount: layout.pieceCount,
    fileCount: files.length,
    get metainfo() {
      return Buffer.concat([...chunks()])
    },
    chunks,
    skipped,
    nameProblems: names.found,
    nameProblemCount: names.count,
    resumedBytes: parts.resumedBytes,
  }
}

/** The fields of `info` that its maker chooses. */
export interface InfoOptions {
  readonly private?: boolean
  readonly source?: string
  /** Infohashes in hex, and names of collections, of torrents that share files with this one (BEP 38). */
  readonly similar?: readonly string[]
  readonly collections?: readonly string[]
}

export function infoOptions(options: InfoOptions) {
  return {
    private: options.private ?? false,
    source: options.source,
    similar: options.similar ?? [],
    collections: options.collections ?? [],
  }
}

/** Throws a RangeError that lists the names that other systems cannot have. */
export function assertPortable({ found, count }: NameProblems): void {
  if (count === 0) return
  const more = count > 10 ? `; and ${count - 10} more` : ''
  throw new RangeError(
    `The names are not portable: ${found.slice(0, 10).map(describeNameProblem).join('; ')}${more}.`,
  )
}
