import type { HashJob, HashPlan } from './job.ts'
import { pieceHasher } from './piece-hasher.ts'
import { treeHasher } from './tree-hasher.ts'

/** Hashes the bytes of consecutive pieces as they arrive, and writes the digests to the plan's buffers. */
export interface StreamHasher {
  start(firstPiece: number): void
  /** Begins a part of a file of this size. In an aligned layout, it begins a piece. */
  startPart(fileBytes: number): void
  /** Adds whole blocks of 16 KiB; only the last chunk of a part may end within one. */
  add(chunk: Buffer): void
  /** Ends the part, after which `padBytes` zeros follow in v1 (BEP 47). */
  endPart(padBytes: number): void
  finish(): void
}

/** The hasher for the parts of one run of pieces (BEP 3, 52). */
export function streamHasher(plan: HashPlan): StreamHasher {
  const bytesRead = new BigInt64Array(plan.bytesRead)
  const v1 = plan.sha1 ? pieceHasher(plan.pieceLengthBytes, Buffer.from(plan.sha1)) : null
  const v2 = plan.sha256 ? treeHasher(plan.pieceLengthBytes, Buffer.from(plan.sha256)) : null
  return {
    start(firstPiece: HashJob['firstPiece']) {
      v1?.start(firstPiece)
      v2?.start(firstPiece)
    },
    startPart: (fileBytes) => v2?.startPart(fileBytes),
    add(chunk) {
      v1?.add(chunk)
      v2?.add(chunk)
      Atomics.add(bytesRead, 0, BigInt(chunk.length))
    },
    endPart(padBytes) {
      v2?.endPart()
      v1?.addZeros(padBytes)
    },
    finish: () => v1?.finish(),
  }
}
