/** What reading whole repositories may take: of us, of a host, and of one account. */
export type ResyncLimits = {
  readonly maxConcurrent: number
  readonly maxPerHost: number
  readonly maxRepoBytes: number
  readonly maxKeptBytes: number
  readonly timeoutMs: number
  readonly recordsPerAccount: number
  /** Of all accounts of one PDS together. */
  readonly recordsPerHost: number
  /** Whole reads of one account in a day, beyond which it waits. */
  readonly perAccountPerDay: number
  readonly firstRetryMs: number
  readonly maxRetryMs: number
}

export const defaultResyncLimits: ResyncLimits = {
  maxConcurrent: 8,
  maxPerHost: 2,
  maxRepoBytes: 2_000_000_000,
  maxKeptBytes: 400_000_000,
  timeoutMs: 30 * 60_000,
  recordsPerAccount: 100_000,
  recordsPerHost: 5_000_000,
  perAccountPerDay: 100,
  firstRetryMs: 10_000,
  maxRetryMs: 24 * 3_600_000,
}
