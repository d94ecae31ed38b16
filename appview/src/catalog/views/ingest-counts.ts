import type { admin } from '@holdfast/lexicons'
import { sql } from 'drizzle-orm'
import { type Db, rows, toInstant } from '../../store/sql.ts'
import { isTooLarge } from '../too-large-repos.ts'

export interface IngestCounts {
  repos: { state: string; count: number }[]
  rejects: { reason: string; count: number; lastAt: admin.getIngestStatus.$OutputBody['checkedAt'] }[]
  metainfo: { status: string; count: number }[]
}

/** Counts repos by state, refused records by reason, and torrents by the state of their metainfo. */
export async function readIngestCounts(db: Db): Promise<IngestCounts> {
  const repos = await rows<{ state: string; count: number }>(
    db,
    sql`SELECT CASE WHEN NOT a.active THEN 'inactive' WHEN ${isTooLarge('r')} THEN 'too-large' ELSE r.state END AS state, count(*)::int AS count
        FROM catalog.repo r LEFT JOIN catalog.account a USING (did) GROUP BY 1 ORDER BY 1`,
  )
  const rejects = await rows<{ reason: string; count: number; lastAt: string }>(
    db,
    sql`SELECT reason, count(*)::int AS count, max(indexed_at) AS "lastAt" FROM catalog.record
        WHERE reason IS NOT NULL GROUP BY reason ORDER BY count DESC, reason LIMIT 100`,
  )
  const metainfo = await rows<{ status: string; count: number }>(
    db,
    sql`SELECT metainfo_status AS status, count(*)::int AS count FROM catalog.torrent GROUP BY 1 ORDER BY 1`,
  )
  return {
    repos,
    rejects: rejects.map((row) => ({
      ...row,
      lastAt: toInstant(row.lastAt) as IngestCounts['rejects'][0]['lastAt'],
    })),
    metainfo,
  }
}
