import { sql } from 'drizzle-orm'
import { anyOf, type Db, rows, toInstant } from '../../sql.ts'

/** When records were last edited, ISO 8601, by AT-URI; those that stand as they were first seen are absent. */
export async function readEdits(db: Db, uris: readonly string[]): Promise<Map<string, string>> {
  if (uris.length === 0) return new Map()
  const found = await rows<{ uri: string; at: string }>(
    db,
    sql`SELECT uri, changed_at::text AS at FROM local.first_seen WHERE uri = ${anyOf(uris)} AND changed_at > at`,
  )
  return new Map(found.map(({ uri, at }) => [uri, toInstant(at)]))
}
