import type { HashJob } from './job.ts'

/** A job as it goes to a worker: its paths, and its numbers in one array, cost far less to send than an object a part. */
export interface PackedJob {
  readonly firstPiece: number
  readonly paths: readonly string[]
  /** Of each part: size, time (NaN for none), where from, length, padding. */
  readonly numbers: Float64Array<ArrayBuffer>
}

const numbersEach = 5

export function packJob({ firstPiece, parts }: HashJob): PackedJob {
  const numbers = new Float64Array(parts.length * numbersEach)
  for (const [i, { sizeBytes, mtimeMs, from, length, padBytes }] of parts.entries())
    numbers.set([sizeBytes, mtimeMs ?? Number.NaN, from, length, padBytes], i * numbersEach)
  return { firstPiece, paths: parts.map(({ path }) => path), numbers }
}

export function unpackJob({ firstPiece, paths, numbers }: PackedJob): HashJob {
  const parts = paths.map((path, i) => {
    const [sizeBytes, mtimeMs, from, length, padBytes] = numbers.subarray(i * numbersEach)
    return {
      path,
      sizeBytes: sizeBytes!,
      mtimeMs: Number.isNaN(mtimeMs) ? null : mtimeMs!,
      from: from!,
      length: length!,
      padBytes: padBytes!,
    }
  })
  return { firstPiece, parts }
}
