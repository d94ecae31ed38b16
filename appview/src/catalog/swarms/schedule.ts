/** Decides which contents each tracker is asked about next. */
import { sql } from 'drizzle-orm'
import { type Db, rows } from '../../store/sql.ts'
import { isWatched } from '../named-addresses.ts'
import { type AnnouncedContent, dhtSource } from './contents.ts'

/**
 * Reads a page of the trackers that contents name, in order. Trackers whose last answer was good are `proven`; the others
 * are asked separately, so that no number of dead or hostile trackers delays the good ones.
 */
export async function readTrackers(
  db: Db,
  page: { proven: boolean; after: string; limit: number },
): Promise<string[]> {
  // Walks the index from one tracker to the next instead of reading every row.
  const found = await rows<{ tracker: string }>(
    db,
    sql`
    WITH RECURSIVE trackers AS (
      (SELECT tracker FROM local.swarm WHERE tracker > ${page.after} ORDER BY tracker LIMIT 1)
      UNION ALL
      SELECT (SELECT s.tracker FROM local.swarm s WHERE s.tracker > t.tracker ORDER BY s.tracker LIMIT 1)
      FROM trackers t WHERE t.tracker IS NOT NULL)
    SELECT t.tracker FROM trackers t
    WHERE t.tracker <> ${dhtSource} AND ${page.proven} = coalesce((
      SELECT s.failures = 0 AND s.scraped_at IS NOT NULL FROM local.swarm s
      WHERE s.tracker = t.tracker ORDER BY s.tracker DESC, s.scraped_at DESC NULLS LAST LIMIT 1), false)
    LIMIT ${page.limit}`,
  )
  return found.map((row) => row.tracker)
}

/**
 * Reads the announced contents about which to ask a tracker, the longest unasked first. Each is due after `recheckMs`,
 * doubled with each failure up to 32 times. Private torrents are left out: only their own tracker may know them (BEP 27).
 */
export async function readDueContents(
  db: Db,
  wanted: { tracker: string; recheckMs: number; limit: number },
): Promise<AnnouncedContent[]> {
  return rows<AnnouncedContent & Record<string, unknown>>(
    db,
    sql`
    SELECT c.id, c.info_hash_v1 AS "infoHashV1", c.info_hash_v2 AS "infoHashV2", c.private
    FROM local.swarm s
    JOIN catalog.content c ON c.id = coalesce(
      (SELECT id FROM catalog.content WHERE info_hash_v2 = s.info_hash),
      (SELECT id FROM catalog.content WHERE info_hash_v1 = s.info_hash AND info_hash_v2 IS NULL))
    WHERE s.tracker = ${wanted.tracker} AND c.announced AND NOT c.private AND ${isWatched}
      AND (s.scraped_at IS NULL OR s.scraped_at <
        now() - make_interval(secs => ${wanted.recheckMs / 1000}::float8 * power(2, least(s.failures, 5))))
    ORDER BY s.scraped_at NULLS FIRST LIMIT ${wanted.limit}`,
  )
}

/** Deletes a tracker of all contents. */
export async function forgetTracker(db: Db, tracker: string): Promise<void> {
  await db.execute(sql`DELETE FROM local.swarm WHERE tracker = ${tracker}`)
}
