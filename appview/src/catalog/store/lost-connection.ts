import type { Sql } from 'postgres'
import { errorCode } from './error-code.ts'

/** The driver's own words for a connection that is gone, and the server's for one that it ends (SQLSTATE class 57P). */
const LOST = /^(?:ECONN|EPIPE|ETIMEDOUT|CONNECTION_|CONNECT_TIMEOUT|57P0)/

/** Whether an error, or what caused it, says that the connection it happened on is gone. */
export function isConnectionLost(error: unknown): boolean {
  return LOST.test(errorCode(error) ?? '')
}

/**
 * Keeps the driver from sending ROLLBACK over a connection that is gone: it writes to a socket that is no more, in a
 * timer where nobody can catch what that throws. The transaction still fails, by the end of its connection.
 */
export function rollBackOnlyWhereOneCan(client: Sql): void {
  const { begin } = client
  const guarded = (...args: unknown[]): unknown => {
    const work = args.at(-1) as (transaction: unknown) => Promise<unknown>
    const careful = async (transaction: unknown): Promise<unknown> => {
      try {
        return await work(transaction)
      } catch (error) {
        if (!isConnectionLost(error)) throw error
        return new Promise(() => {})
      }
    }
    return (begin as (...args: unknown[]) => unknown)(...args.slice(0, -1), careful)
  }
  Object.assign(client, { begin: guarded })
}
