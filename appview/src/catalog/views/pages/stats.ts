import type { getStats } from '@holdfast/lexicons'
import { sql } from 'drizzle-orm'
import { type Db, rows } from '../../sql.ts'
import { fewSeeders } from '../torrents/swarm-views.ts'

export type Totals = Required<Omit<getStats.Stats, '$type'>>

/** Counts everything visible. Reads whole indexes: for a timer, not for each request. */
export async function countTotals(db: Db): Promise<Totals> {
  const [row] = await rows<Totals & Record<string, unknown>>(
    db,
    sql`
    WITH announced AS (SELECT * FROM catalog.content WHERE announced),
    swarms AS (
      SELECT max(s.seeders) AS seeders, max(s.leechers) AS leechers
      FROM announced c JOIN local.swarm s ON s.info_hash = coalesce(c.info_hash_v2, c.info_hash_v1) GROUP BY c.id)
    SELECT (SELECT count(*)::int FROM catalog.dataset WHERE visible) AS datasets,
      (SELECT count(*)::int FROM catalog.torrent WHERE visible) AS torrents,
      (SELECT count(*)::int FROM catalog.torrent WHERE visible AND metainfo_status = 'verified') AS "verifiedTorrents",
      (SELECT count(*)::int FROM announced) AS "infoHashes",
      (SELECT coalesce(sum(file_count), 0)::bigint FROM announced) AS files,
      (SELECT coalesce(sum(size_bytes), 0)::bigint FROM announced) AS "sizeBytes",
      (SELECT count(DISTINCT did)::int FROM catalog.record WHERE visible) AS authors,
      (SELECT count(DISTINCT url)::int FROM catalog.webseed WHERE visible) AS "webSeeds",
      (SELECT count(*)::int FROM catalog.assessment WHERE visible) AS assessments,
      (SELECT coalesce(sum(seeders), 0)::int FROM swarms) AS seeders,
      (SELECT coalesce(sum(leechers), 0)::int FROM swarms) AS leechers,
      (SELECT count(*)::int FROM swarms WHERE seeders < ${fewSeeders}) AS "needsSeeders"`,
  )
  return row!
}

/** Keeps the day's totals: the last count of a day is what the history shows for it. */
export async function saveDailyTotals(db: Db, totals: Totals): Promise<void> {
  await db.execute(sql`
    INSERT INTO local.daily_stats (day, totals) VALUES (to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD'), ${JSON.stringify(totals)}::text::jsonb)
    ON CONFLICT (day) DO UPDATE SET totals = excluded.totals, updated_at = now()`)
}

export type StatsInterval = 'day' | 'week' | 'month'

/** The last count of each interval between two days (`YYYY-MM-DD`), oldest first; at most the newest 1,000. */
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
