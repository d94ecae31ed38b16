import type { HashPlan } from '@holdfast/torrent/create-streamed'
import type { Checksum } from '../remote-file.ts'

/** A stretch of a file that is read by one request if nothing breaks. */
export interface UnitPart {
  readonly url: string
  readonly sizeBytes: number
  readonly etag: string | undefined
  readonly lastModified: string | undefined
  /** The number of the host among those of this run. */
  readonly host: number
  readonly from: number
  readonly length: number
  readonly padBytes: number
  /** Compared if the part goes to the end of the file, and begins at its start or where `states` are. */
  readonly checksums: readonly Checksum[]
  /** The state of each checksum at `from`, as hex, if that is not the start. */
  readonly states?: readonly string[] | undefined
  /** The file on disk into which the bytes are written, too. */
  readonly keptAt: string | undefined
}

/** Consecutive pieces, read by one connection. */
export interface Unit {
  readonly firstPiece: number
  readonly pieceCount: number
  readonly parts: readonly UnitPart[]
}

export interface ThreadData {
  readonly plan: HashPlan
  readonly pauses: SharedArrayBuffer
  readonly allowPrivateHosts: boolean
  readonly userAgent: string
}

/** A connection of a thread gets a unit. */
export interface UnitMessage {
  readonly lane: number
  readonly unit: Unit
}

/** Why a file could not be read. */
export interface FileFault {
  readonly url: string
  /**
   * `changed`: it is another version now. `refused`: it is not there, or not for us. `wrong`: it is not what the origin's
   * checksum says. `network`: the server could not be reached.
   */
  readonly kind: 'changed' | 'refused' | 'wrong' | 'network'
  readonly message: string
}

export interface PiecesDone {
  readonly pieces: number
  readonly note: Uint8Array | undefined
}

export type LaneMessage =
  /** This many pieces of the unit are done; the note belongs to the last of them. */
  | ({ readonly lane: number } & PiecesDone)
  | {
      readonly lane: number
      readonly ended: true
      readonly fault: FileFault | null
    }
  /** Our own fault, such as a full disk. */
  | { readonly lane: number; readonly error: string }
