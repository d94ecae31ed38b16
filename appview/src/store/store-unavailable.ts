import { faultOf } from './database-fault.ts'
import { errorCode } from './error-code.ts'

/** The store had no free connection, or did not answer, within the time that the caller can wait. */
export class StoreUnavailableError extends Error {
  override readonly name = 'StoreUnavailableError'
  /** `faultOf` reads this code as "the store is away", so writes that failed are tried again. */
  readonly code = 'CONNECTION_DEADLINE'
}

/** Whether a request failed because the store is away and not because of the request, so that it may succeed later. */
export function isStoreAway(error: unknown): boolean {
  return errorCode(error) !== undefined && faultOf(error) === 'away'
}

/** The message of a 503 answer: nothing was wrong with the request, and it may be sent again. */
export const storeAwayMessage =
  'The database of this index cannot be reached or is too busy at the moment. Try again in a little while.'
