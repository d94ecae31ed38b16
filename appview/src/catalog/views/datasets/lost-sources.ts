import { sql } from 'drizzle-orm'
import { type Db, rows, toInstant } from '../../../store/sql.ts'
import { isNamedSource } from '../../derive/source-status.ts'
import { shown } from '../../shown.ts'

/** A dataset none of whose sources answers any more. */
export interface LostSource {
  uri: string
  /** The source that stopped answering last. */
  url: string
  /** The `source_status` that `refreshSourceStatus` wrote. */
  status: string
  /** When that source stopped answering, in ISO 8601. */
  since: string
}

/** How many of the probes whose status changed last are examined. */
const mostProbes = 2_000

/** Reads visible datasets whose sources are all offline or gone, the most recently lost first. */
export async function readLostSources(db: Db, limit: number): Promise<LostSource[]> {
  const lost = sql`('offline', 'gone')`
  const own = sql`h.subject = p.subject AND h.url = p.url`
  const found = await rows<LostSource & Record<string, unknown>>(
    db,
    sql`
    WITH lately AS (
      SELECT subject FROM local.probe p WHERE p.status IN ${lost} ORDER BY p.changed_at DESC LIMIT ${mostProbes})
    SELECT d.uri, last.url, d.source_status AS status, last.since::text AS since
    FROM (SELECT DISTINCT subject FROM lately) AS s
    JOIN catalog.dataset d ON d.uri = s.subject AND ${shown('d')} AND d.source_status IN ${lost}
    CROSS JOIN LATERAL (
      SELECT p.url, coalesce((
        SELECT min(h.at) FROM local.probe_history h WHERE ${own} AND h.status IN ${lost} AND h.at > coalesce((
          SELECT max(h.at) FROM local.probe_history h WHERE ${own} AND h.status NOT IN ${lost}), '-infinity')), p.changed_at) AS since
      FROM local.probe p WHERE p.subject = d.uri AND p.status IN ${lost} AND ${isNamedSource}
      ORDER BY p.detail ? 'homepage', since DESC LIMIT 1) AS last
    ORDER BY last.since DESC, d.id DESC LIMIT ${limit}`,
  )
  return found.map((row) => ({ ...row, since: toInstant(row.since) }))
}
