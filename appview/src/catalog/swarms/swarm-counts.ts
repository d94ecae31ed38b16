/**
 * What trackers say of swarms. Counts of one content at several trackers are combined by taking the highest:
 * a peer announces to every tracker of its torrent, so a sum would count it once for each.
 */
import { type SQL, sql } from 'drizzle-orm'
import { anyOf, type Db, recordset, rows, toInstant } from '../sql.ts'
import { fewSeeders } from '../views/torrents/swarm-views.ts'
import { refreshDatasetCounts } from '../writes/dataset-counts.ts'
import { appendSwarmHistory, type SwarmState } from './swarm-history.ts'

/** What one tracker says of one content. */
export interface SwarmCount {
  /** As `swarmKey` gives it. */
  infoHash: string
  seeders: number
  leechers: number
  completed: number | null
}

/** Seeders of the content whose key this SQL expression gives, over all trackers; NULL where nobody has looked. */
export function combinedSeeders(infoHash: SQL): SQL {
  return sql`(SELECT max(seeders) FROM local.swarm WHERE info_hash = ${infoHash})`
}

/** Whether a content is in danger of losing its last copies: NULL, which is not true, where nobody has looked. */
export function needsSeeders(infoHash: SQL): SQL {
  return sql`(${combinedSeeders(infoHash)} < ${fewSeeders})`
}

/** What one tracker said at one time. */
export interface SaidByTracker {
  tracker: string
  at: Date
  counts: readonly SwarmCount[]
  /** Counts that did not change are written again when the last word is older than this; by default always. */
  touchAfterMs?: number
}

/** Writes what a tracker said, the history of combined counts, and the datasets' counts that follow. */
export async function writeSwarmCounts(db: Db, said: SaidByTracker): Promise<void> {
  const counts = [...new Map(said.counts.map((count) => [count.infoHash, count])).values()]
  if (counts.length === 0) return
  const infoHashes = counts.map((count) => count.infoHash)
  await db.transaction(async (tx) => {
    const before = await readCombined(tx, infoHashes)
    await upsert(tx, { ...said, counts })
    await followUp(tx, infoHashes, { before, at: said.at.toISOString() })
  })
}

/**
 * Writes that a tracker did not answer for these contents. Its last counts stay for two more failures, then they
 * are unknown.
 */
export async function writeScrapeFailure(
  db: Db,
  said: { tracker: string; at: Date; infoHashes: readonly string[]; error: string },
): Promise<void> {
  if (said.infoHashes.length === 0) return
  await db.transaction(async (tx) => {
    const before = await readCombined(tx, said.infoHashes)
    await tx.execute(sql`
      UPDATE local.swarm SET failures = failures + 1, scraped_at = ${said.at.toISOString()}::timestamptz, error = ${said.error},
        seeders = CASE WHEN failures < 2 THEN seeders END, leechers = CASE WHEN failures < 2 THEN leechers END
      WHERE tracker = ${said.tracker} AND info_hash = ${anyOf(said.infoHashes)}`)
    await followUp(tx, said.infoHashes, { before, at: said.at.toISOString() })
  })
}

/** Forgets counts that nobody has confirmed since, and then the rows of contents that are no longer here. */
export async function forgetStaleCounts(
  db: Db,
  limits: { unknownBefore: Date; goneBefore: Date; batch: number },
): Promise<number> {
  const stale = await rows<{ infoHash: string; tracker: string }>(
    db,
    sql`SELECT info_hash AS "infoHash", tracker FROM local.swarm
        WHERE scraped_at < ${limits.unknownBefore.toISOString()}::timestamptz AND seeders IS NOT NULL LIMIT ${limits.batch}`,
  )
  const infoHashes = [...new Set(stale.map((row) => row.infoHash))]
  await db.transaction(async (tx) => {
    const before = await readCombined(tx, infoHashes)
    await tx.execute(sql`
      UPDATE local.swarm s SET seeders = NULL, leechers = NULL
      FROM ${recordset(stale, '"infoHash" text, tracker text')}
      WHERE s.info_hash = input."infoHash" AND s.tracker = input.tracker`)
    await followUp(tx, infoHashes, { before, at: new Date().toISOString() })
  })
  const gone = await rows(
    db,
    sql`
    DELETE FROM local.swarm WHERE (info_hash, tracker) IN (
      SELECT s.info_hash, s.tracker FROM local.swarm s
      WHERE (s.scraped_at IS NULL OR s.scraped_at < ${limits.goneBefore.toISOString()}::timestamptz)
        AND NOT EXISTS (SELECT FROM catalog.content c WHERE c.info_hash_v2 = s.info_hash)
        AND NOT EXISTS (SELECT FROM catalog.content c WHERE c.info_hash_v1 = s.info_hash)
      LIMIT ${limits.batch}) RETURNING 1 AS gone`,
  )
  return stale.length + gone.length
}

type Combined = ReadonlyMap<string, { seeders: number | null; leechers: number | null; at: string | null }>

async function readCombined(tx: Db, infoHashes: readonly string[]): Promise<Combined> {
  const found = await rows<{
    infoHash: string
    seeders: number | null
    leechers: number | null
    at: string | null
  }>(
    tx,
    sql`SELECT info_hash AS "infoHash", max(seeders) AS seeders, max(leechers) AS leechers, max(scraped_at) AS at
        FROM local.swarm WHERE info_hash = ${anyOf(infoHashes)} GROUP BY info_hash`,
  )
  return new Map(found.map(({ infoHash, ...row }) => [infoHash, row]))
}

async function upsert(tx: Db, said: SaidByTracker): Promise<void> {
  const staleBefore = new Date(said.at.getTime() - (said.touchAfterMs ?? 0)).toISOString()
  await tx.execute(sql`
    INSERT INTO local.swarm AS s (info_hash, tracker, seeders, leechers, completed, scraped_at, failures, error)
    SELECT "infoHash", ${said.tracker}, seeders, leechers, completed, ${said.at.toISOString()}::timestamptz, 0, NULL
    FROM ${recordset(said.counts, '"infoHash" text, seeders int, leechers int, completed bigint')}
    ON CONFLICT (info_hash, tracker) DO UPDATE SET seeders = excluded.seeders, leechers = excluded.leechers,
      completed = excluded.completed, scraped_at = excluded.scraped_at, failures = 0, error = NULL
    WHERE (s.seeders, s.leechers, s.completed, s.failures)
      IS DISTINCT FROM (excluded.seeders, excluded.leechers, excluded.completed, 0)
      OR s.scraped_at IS NULL OR s.scraped_at <= ${staleBefore}::timestamptz`)
}

/** Keeps what follows from combined counts: their history, and the counts of datasets. */
async function followUp(
  tx: Db,
  infoHashes: readonly string[],
  { before, at }: { before: Combined; at: string },
): Promise<void> {
  const after = await readCombined(tx, infoHashes)
  const changes = [...after].filter(([infoHash, now]) => {
    const then = before.get(infoHash)
    return then?.seeders !== now.seeders || then?.leechers !== now.leechers
  })
  await appendSwarmHistory(
    tx,
    changes.flatMap(([infoHash, now]) => {
      const known = toState(infoHash, now, at)
      return known ? [{ before: toState(infoHash, before.get(infoHash)), after: known }] : []
    }),
  )
  const reseeded = changes.filter(([infoHash, now]) => before.get(infoHash)?.seeders !== now.seeders)
  await refreshDatasetsOf(
    tx,
    reseeded.map(([infoHash]) => infoHash),
  )
}

function toState(
  infoHash: string,
  row: { seeders: number | null; leechers: number | null; at: string | null } | undefined,
  at = row?.at,
): SwarmState | undefined {
  if (row?.seeders == null || at == null) return undefined
  return { infoHash, seeders: row.seeders, leechers: row.leechers ?? 0, at: toInstant(at) }
}

async function refreshDatasetsOf(tx: Db, infoHashes: readonly string[]): Promise<void> {
  if (infoHashes.length === 0) return
  const named = anyOf(infoHashes)
  const torrents = await rows<{ id: number }>(
    tx,
    sql`SELECT id FROM catalog.torrent WHERE info_hash_v2 = ${named}
        UNION SELECT id FROM catalog.torrent WHERE info_hash_v1 = ${named} AND info_hash_v2 IS NULL`,
  )
  await refreshDatasetCounts(tx, { torrentIds: torrents.map((row) => row.id) })
}
