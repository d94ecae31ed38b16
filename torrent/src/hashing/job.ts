/** A stretch of a file, and zeros behind it that only SHA-1 sees (a pad file). */
export interface HashPart {
  readonly path: string
  /** Of the whole file. */
  readonly sizeBytes: number
  /** When the file was listed; null when any will do. */
  readonly mtimeMs: number | null
  readonly from: number
  readonly length: number
  readonly padBytes: number
}

/** Whole pieces, from `firstPiece` on. In an aligned layout each part starts a piece. */
export interface HashJob {
  readonly firstPiece: number
  readonly parts: readonly HashPart[]
}

/** What the workers of one pool share. */
export interface HashPlan {
  readonly pieceLengthBytes: number
  /** 20 bytes a piece, or null: no SHA-1. */
  readonly sha1: SharedArrayBuffer | null
  /** 32 bytes a piece, the root of its blocks, or null: no SHA-256. Only for aligned layouts. */
  readonly sha256: SharedArrayBuffer | null
  /** One counter: bytes read. */
  readonly bytesRead: SharedArrayBuffer
  /** What a file that is missing or of another size does: `throw`, or leave its pieces' digests zero. */
  readonly onBadFile: 'throw' | 'leave'
}

/** What a worker answers a job with. */
export type HashAnswer = { readonly ok: true } | { readonly ok: false; readonly message: string }
