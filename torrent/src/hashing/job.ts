/** The state by which a file that must not change is recognized. */
export interface HashStamp {
  readonly mtimeMs: number
  readonly ctimeMs: number
  readonly inode: number
}

/** A range of a file, and zeros after it that only SHA-1 includes (a pad file). */
export interface HashPart {
  readonly path: string
  /** The size of the whole file in bytes. */
  readonly sizeBytes: number
  /** The state of the file when it was listed; null to accept any. */
  readonly stamp: HashStamp | null
  readonly from: number
  readonly length: number
  readonly padBytes: number
}

/** A job of whole pieces, from `firstPiece` on. In an aligned layout each part starts a piece. */
export interface HashJob {
  readonly firstPiece: number
  readonly parts: readonly HashPart[]
}

/** The data that the workers of one pool share. */
export interface HashPlan {
  readonly pieceLengthBytes: number
  /** The SHA-1 digests, 20 bytes per piece; null if SHA-1 is not computed. */
  readonly sha1: SharedArrayBuffer | null
  /** The SHA-256 roots of the blocks, 32 bytes per piece; null if they are not computed. Only for aligned layouts. */
  readonly sha256: SharedArrayBuffer | null
  /** A single counter: the number of bytes read. */
  readonly bytesRead: SharedArrayBuffer
  /** What happens if a file is missing or has another size: `throw` an error, or `leave` the digests of its pieces zero. */
  readonly onBadFile: 'throw' | 'leave'
}

/** A worker's answer to a job. */
export type HashAnswer = { readonly ok: true } | { readonly ok: false; readonly message: string }
