/**
 * Repositories that are larger than this server reads. They are not read again until something of them changes, or the limits
 * do; until then `retry_at` is infinity.
 */
import { type SQL, sql } from 'drizzle-orm'
import { type Db, rows } from '../store/sql.ts'

/** The `retryAt` of a repository that is too large. */
export const untilChanged = 'infinity'

/** Whether the row of `catalog.repo` is of a repository that is too large. */
export function isTooLarge(repo = 'repo'): SQL {
  const column = (name: string) => sql.raw(`${repo}.${name}`)
  return sql`(${column('state')} = 'desynchronized' AND ${column('retry_at')} IS NOT DISTINCT FROM ${untilChanged}::timestamptz)`
}

/**
 * Makes those due that were too large for other limits than these; `limits` is the text that their `error` ends with.
 * Resolves with their number.
 */
export async function retryTooLarge(db: Db, limits: string): Promise<number> {
  const due = await rows(
    db,
    sql`UPDATE catalog.repo SET retry_at = NULL
        WHERE ${isTooLarge()} AND right(coalesce(error, ''), ${limits.length}::int) <> ${limits} RETURNING did`,
  )
  return due.length
}
