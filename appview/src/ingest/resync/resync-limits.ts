import type { Pace } from './keep-pace.ts'

/** Limits on reading whole repositories: in all, for a host, and for an account. */
export interface ResyncLimits {
  readonly maxConcurrent: number
  readonly maxPerHost: number
  readonly maxRepoBytes: number
  /** The most bytes in memory for one repository. */
  readonly maxKeptBytes: number
  /** The most bytes in memory for all repositories that are being read. */
  readonly readMemoryBytes: number
  readonly timeoutMs: number
  /** The grace period and minimum rate of a read; see `keep-pace.ts`. */
  readonly pace: Pace
  /** How many places there are for all hosts together that were too slow before. */
  readonly maxSlow: number
  readonly recordsPerAccount: number
  /** The most records of all accounts of one PDS together. */
  readonly recordsPerHost: number
  /** The most bytes of an account's records; enough for a hundred thousand of ten times the usual size. */
  readonly recordBytesPerAccount: number
  readonly recordBytesPerHost: number
  /** The most whole reads of one account in a day; further ones wait. */
  readonly perAccountPerDay: number
  /** The most unknown repositories that events of one source may introduce in a day. */
  readonly unheardOfPerSourcePerDay: number
  readonly firstRetryMs: number
  readonly maxRetryMs: number
}

export const defaultResyncLimits: ResyncLimits = {
  maxConcurrent: 8,
  maxPerHost: 2,
  maxRepoBytes: 2_000_000_000,
  maxKeptBytes: 400_000_000,
  readMemoryBytes: 512_000_000,
  timeoutMs: 6 * 3_600_000,
  pace: { graceMs: 20_000, bytesPerSecond: 50_000 },
  maxSlow: 2,
  recordsPerAccount: 100_000,
  recordsPerHost: 5_000_000,
  recordBytesPerAccount: 2_000_000_000,
  recordBytesPerHost: 50_000_000_000,
  perAccountPerDay: 100,
  unheardOfPerSourcePerDay: 20_000,
  firstRetryMs: 10_000,
  maxRetryMs: 24 * 3_600_000,
}
