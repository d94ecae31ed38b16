import type { getStats } from '@holdfast/lexicons'
import { sql } from 'drizzle-orm'
import { type Db, rows } from '../../../store/sql.ts'
import { needsHelp, takesItsPlace } from '../../derive/wanted-torrents.ts'
import { swarmsOf } from '../../named-addresses.ts'

export type Totals = Required<Omit<getStats.Stats, '$type'>>

/** Counts everything visible. This reads whole indexes, so call it from a timer and not for each request. */
export async function countTotals(db: Db): Promise<Totals> {
  const [row] = await rows<Totals & Record<string, unknown>>(
    db,
    sql`
    WITH announced AS (SELECT * FROM catalog.content WHERE announced),
    -- Whatever is there in its current version: old ones are announced as long as somebody wants them.
    replaced AS (
      SELECT DISTINCT t.content_id AS id FROM catalog.torrent t JOIN catalog.torrent n ON ${takesItsPlace}
      WHERE NOT EXISTS (
        SELECT FROM catalog.torrent other WHERE other.content_id = t.content_id AND other.id <> t.id
          AND other.visible AND other.metainfo_status = 'verified' AND other.wanted)),
    current AS (SELECT * FROM announced WHERE id NOT IN (SELECT id FROM replaced WHERE id IS NOT NULL)),
    swarms AS (
      SELECT max(s.seeders) AS seeders, max(s.leechers) AS leechers
      FROM announced c CROSS JOIN LATERAL ${swarmsOf(sql`coalesce(c.info_hash_v2, c.info_hash_v1)`)} AS s
      WHERE s.speaks GROUP BY c.id)
    SELECT (SELECT count(*)::int FROM catalog.dataset WHERE visible) AS datasets,
      (SELECT count(*)::int FROM catalog.torrent WHERE visible) AS torrents,
      (SELECT count(*)::int FROM catalog.torrent WHERE visible AND metainfo_status = 'verified') AS "verifiedTorrents",
      (SELECT count(*)::int FROM announced) AS "infoHashes",
      (SELECT coalesce(sum(file_count), 0)::bigint FROM current) AS files,
      (SELECT coalesce(sum(size_bytes), 0)::bigint FROM current) AS "sizeBytes",
      (SELECT count(DISTINCT did)::int FROM catalog.record WHERE visible) AS authors,
      (SELECT count(DISTINCT url)::int FROM (
        SELECT url FROM catalog.webseed WHERE visible
        UNION ALL
        SELECT n.url FROM catalog.named_address n JOIN catalog.record r ON r.id = n.record_id AND r.visible
        WHERE n.kind = 'webseed' AND n.record_id <> 0
        UNION ALL
        SELECT n.url FROM catalog.named_address n
        JOIN catalog.torrent t ON t.metainfo_cid = n.metainfo_cid AND t.visible AND t.metainfo_status = 'verified'
        WHERE n.kind = 'webseed' AND n.metainfo_cid <> '') AS seeds) AS "webseeds",
      (SELECT count(*)::int FROM catalog.assessment WHERE visible) AS assessments,
      (SELECT coalesce(sum(seeders), 0)::int FROM swarms) AS seeders,
      (SELECT coalesce(sum(leechers), 0)::int FROM swarms) AS leechers,
      (SELECT count(DISTINCT content_id)::int FROM catalog.torrent WHERE visible AND ${needsHelp()}) AS "needsSeeders"`,
  )
  return row!
}

export type StatsInterval = 'day' | 'week' | 'month'

/** Reads the last count of each interval between two days (`YYYY-MM-DD`), oldest first; at most the newest 1,000. */
export async function readTotalsHistory(
  db: Db,
  range: { interval: StatsInterval; from: string; to: string },
): Promise<{ day: string; totals: Partial<Totals> }[]> {
  const found = await rows<{ day: string; totals: Partial<Totals> }>(
    db,
    sql`SELECT day, totals FROM (
          SELECT DISTINCT ON (bucket) bucket, day, totals
          FROM (SELECT date_trunc(${range.interval}, day::date) AS bucket, day, totals FROM local.daily_stats
            WHERE day BETWEEN ${range.from} AND ${range.to}) AS days
          ORDER BY bucket DESC, day DESC LIMIT 1000) AS newest ORDER BY day`,
  )
  return found
}
