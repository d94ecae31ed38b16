import { errorCode } from '../../catalog/store/error-code.ts'

const TRANSIENT_CODES =
  /^(08|40|53|55|57|58|25006|XX)|^(ECONN|EPIPE|ETIMEDOUT|ENOTFOUND|EAI_|EHOSTUNREACH|CONNECTION_|CONNECT_TIMEOUT)/

/**
 * Whether a failed transaction may succeed unchanged: the server was away, full, shutting down or in a conflict
 * (SQLSTATE classes 08, 40, 53, 55, 57, 58). Anything else is about the data.
 */
export function isTransient(error: unknown): boolean {
  return TRANSIENT_CODES.test(errorCode(error) ?? '')
}
