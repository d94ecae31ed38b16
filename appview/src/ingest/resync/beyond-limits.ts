import { TooLargeError } from '../../outbound/guarded-fetch-errors.ts'
import { VerifyError } from '../verify/verify-error.ts'
import { ReadMemoryError } from './read-memory.ts'
import type { ResyncLimits } from './resync-limits.ts'

/**
 * Whether reading a whole repository failed because it is larger than this server's limits: trying again fails again until
 * the repository or the limits change.
 */
export function isBeyondLimits(error: unknown): boolean {
  if (error instanceof ReadMemoryError) return error.isTooLarge
  return error instanceof TooLargeError || (error instanceof VerifyError && error.fault === 'too-large')
}

/** What this server reads of a repository at most. It is stored with a repository that is larger, to tell when it changes. */
export function describeLimits(limits: ResyncLimits): string {
  const { recordsPerAccount, maxRepoBytes, maxKeptBytes, readMemoryBytes } = limits
  return `this server reads repositories of at most ${maxRepoBytes} bytes and ${recordsPerAccount} records, keeps ${maxKeptBytes} bytes of one and ${readMemoryBytes} bytes of all (HOLDFAST_REPO_MEMORY)`
}
