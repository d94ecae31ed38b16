import type { HashJob } from './job.ts'

/** A job as it goes to a worker: a text and a few numbers a file cost far less to send than an object each. */
export interface PackedJob {
  readonly firstPiece: number
  /** One after the other, between NULs, which no path holds. */
  readonly paths: string
  /** Of each part: size, time (NaN for none), where from, length, padding. */
  readonly numbers: Float64Array<ArrayBuffer>
}

const numbersEach = 5

export function packJob({ firstPiece, parts }: HashJob): PackedJob {
  const numbers = new Float64Array(parts.length * numbersEach)
  for (const [i, { sizeBytes, mtimeMs, from, length, padBytes }] of parts.entries())
    numbers.set([sizeBytes, mtimeMs ?? Number.NaN, from, length, padBytes], i * numbersEach)
  return { firstPiece, paths: parts.map(({ path }) => path).join('\0'), numbers }
}

export function unpackJob({ firstPiece, paths, numbers }: PackedJob): HashJob {
  const parts = paths.split('\0').map((path, i) => {
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
