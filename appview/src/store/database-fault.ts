import { errorCode } from './error-code.ts'

/**
 * Why a transaction failed. `away`: the server is unreachable, full, shutting down or in a conflict; the same may succeed
 * later. `doubtful`: out of memory, canceled or an internal error, caused either by the server or by the data. `data`:
 * the server will never accept this data.
 */
export type DatabaseFault = 'away' | 'doubtful' | 'data'

const away =
  /^(08|40|53|55|57|58|25006)|^(ECONN|EPIPE|ETIMEDOUT|ENOTFOUND|EAI_|EHOSTUNREACH|CONNECTION_|CONNECT_TIMEOUT)/
/** SQLSTATEs out_of_memory, query_canceled, and internal errors such as "invalid memory alloc request size". */
const doubtful = /^(53200|57014|XX)/

export function faultOf(error: unknown): DatabaseFault {
  const code = errorCode(error) ?? ''
  if (doubtful.test(code)) return 'doubtful'
  return away.test(code) ? 'away' : 'data'
}

/** Whether a failure was, or may have been, caused by the store and not by the data. */
export function isTransient(error: unknown): boolean {
  return faultOf(error) !== 'data'
}
