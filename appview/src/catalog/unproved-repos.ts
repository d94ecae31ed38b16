/**
 * Repositories that a source has named but of which nothing is proved yet. Their number is limited, since a source could name
 * any number. Until a repository is proved, its `host` is the source that listed it, or null. Those that are too
 * large do not count: each cost eight whole reads, which are limited.
 */
import { sql } from 'drizzle-orm'
import { type Db, rows } from '../store/sql.ts'
import { isTooLarge } from './too-large-repos.ts'

/** The most unproved repositories that wait to be read: of one source, and in all. */
export const mostUnproved = { perSource: 50_000, inAll: 200_000 } as const

/** Whether more repositories of this source may be listed. */
export async function hasRoomForUnproved(
  db: Db,
  source: string,
  { perSource, inAll }: { perSource: number; inAll: number } = mostUnproved,
): Promise<boolean> {
  const [row] = await rows<{ all: number; ofSource: number }>(
    db,
    sql`
    SELECT count(*)::int AS all, count(*) FILTER (WHERE host = ${source})::int AS "ofSource"
    FROM (SELECT host FROM catalog.repo WHERE state <> 'synchronized' AND rev IS NULL AND NOT ${isTooLarge()} LIMIT ${inAll}) AS unproved`,
  )
  return row !== undefined && row.all < inAll && row.ofSource < perSource
}

/** Deletes a repository of which nothing was ever proved. False if something was, or if it is not known any more. */
export async function forgetUnproved(db: Db, did: string): Promise<boolean> {
  const gone = await rows(
    db,
    sql`
    DELETE FROM catalog.repo WHERE did = ${did} AND rev IS NULL
      AND NOT EXISTS (SELECT FROM catalog.record r WHERE r.did = ${did}) RETURNING did`,
  )
  return gone.length > 0
}
