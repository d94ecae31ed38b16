import type { HashJob } from './job.ts'

/**
 * A job in the form that is sent to a worker: its paths, and its numbers in one array, which costs far less than one
 * object per part.
 */
export interface PackedJob {
  readonly firstPiece: number
  readonly paths: readonly string[]
  /** For each part: size, offset, length and padding; times and inode (NaN if there are none). */
  readonly numbers: Float64Array<ArrayBuffer>
}

const noStamp = { mtimeMs: Number.NaN, ctimeMs: Number.NaN, inode: Number.NaN }
const numbersEach = 7

export function packJob({ firstPiece, parts }: HashJob): PackedJob {
  const numbers = new Float64Array(parts.length * numbersEach)
  for (const [i, { sizeBytes, stamp, from, length, padBytes }] of parts.entries()) {
    const { mtimeMs, ctimeMs, inode } = stamp ?? noStamp
    numbers.set([sizeBytes, from, length, padBytes, mtimeMs, ctimeMs, inode], i * numbersEach)
  }
  return { firstPiece, paths: parts.map(({ path }) => path), numbers }
}

export function unpackJob({ firstPiece, paths, numbers }: PackedJob): HashJob {
  const parts = paths.map((path, i) => {
    const [sizeBytes, from, length, padBytes, mtimeMs, ctimeMs, inode] = numbers.subarray(i * numbersEach)
    return {
      path,
      sizeBytes: sizeBytes!,
      stamp: Number.isNaN(mtimeMs) ? null : { mtimeMs: mtimeMs!, ctimeMs: ctimeMs!, inode: inode! },
      from: from!,
      length: length!,
      padBytes: padBytes!,
    }
  })
  return { firstPiece, parts }
}
