/**
 * Counts of swarms at trackers. Counts of one content at several trackers are combined by taking the highest: a peer
 * announces to every tracker of its torrent, so a sum would count it several times. Only trackers count that somebody named
 * who may speak for the content (see `named-addresses.ts`).
 */
import { type SQL, sql } from 'drizzle-orm'
import { anyOf, type Db, recordset, rows, textArray, toInstant } from '../../store/sql.ts'
import { writing } from '../../store/write-turns.ts'
import { settle } from '../derive/settle.ts'
import { createTouched } from '../derive/touched.ts'
import { fewSeeders } from '../derive/wanted-torrents.ts'
import { believedSeeders, swarmsOf } from '../named-addresses.ts'
import { appendSwarmHistory, type SwarmState } from './history.ts'

/** The counts of one content at one tracker. */
export interface SwarmCount {
  /** As `swarmKey` gives it. */
  infoHash: string
  seeders: number
  leechers: number
  completed: number | null
}

/** Whether a content is in danger of losing its last copies; NULL (which is not true) when no tracker has been asked. */
export function needsSeeders(infoHash: SQL): SQL {
  return sql`(${believedSeeders(infoHash)} < ${fewSeeders})`
}

/** The answer of one tracker at one time. */
export interface SaidByTracker {
  tracker: string
  at: Date
  /** Whether the tracker is one of our own. */
  own?: boolean
  counts: readonly SwarmCount[]
  /** Unchanged counts are written again only when the last write is older than this; by default always. */
  touchAfterMs?: number
}

/** Writes the counts of a tracker, the history of combined counts, and the counts of datasets that depend on them. */
export async function writeSwarmCounts(db: Db, said: SaidByTracker): Promise<void> {
  const counts = [...new Map(said.counts.map((count) => [count.infoHash, count])).values()]
  if (counts.length === 0) return
  const infoHashes = counts.map((count) => count.infoHash)
  await writing(db, async (tx) => {
    const before = await readCombined(tx, infoHashes)
    const written = await upsert(tx, { ...said, counts })
    await noteHistory(tx, infoHashes, { before, at: said.at.toISOString() })
    await settle(tx, createTouched({ swarms: written }))
  })
}

/**
 * Writes that a tracker did not answer for these contents. Its last counts stay for two more failures; after that they are
 * unknown.
 */
export async function writeScrapeFailure(
  db: Db,
  said: { tracker: string; at: Date; infoHashes: readonly string[]; error: string },
): Promise<void> {
  if (said.infoHashes.length === 0) return
  await writing(db, async (tx) => {
    const before = await readCombined(tx, said.infoHashes)
    await tx.execute(sql`
      UPDATE local.swarm SET failures = failures + 1, scraped_at = ${said.at.toISOString()}::timestamptz, error = ${said.error},
        seeders = CASE WHEN failures < 2 THEN seeders END, leechers = CASE WHEN failures < 2 THEN leechers END
      WHERE tracker = ${said.tracker} AND info_hash = ${anyOf(said.infoHashes)}`)
    await noteHistory(tx, said.infoHashes, { before, at: said.at.toISOString() })
    await settle(tx, createTouched({ swarms: said.infoHashes }))
  })
}

/** Deletes counts that no scrape has confirmed for too long, and then the rows of contents that no longer exist. */
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
  await writing(db, async (tx) => {
    const before = await readCombined(tx, infoHashes)
    await tx.execute(sql`
      UPDATE local.swarm s SET seeders = NULL, leechers = NULL
      FROM ${recordset(stale, '"infoHash" text, tracker text')}
      WHERE s.info_hash = input."infoHash" AND s.tracker = input.tracker`)
    await noteHistory(tx, infoHashes, { before, at: new Date().toISOString() })
    await settle(tx, createTouched({ swarms: infoHashes }))
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
    sql`SELECT hash AS "infoHash", max(s.seeders) AS seeders, max(s.leechers) AS leechers, max(s.scraped_at) AS at
        FROM unnest(${textArray([...new Set(infoHashes)])}) AS hash CROSS JOIN LATERAL ${swarmsOf(sql`hash`)} AS s
        WHERE s.speaks GROUP BY hash`,
  )
  return new Map(found.map(({ infoHash, ...row }) => [infoHash, row]))
}

/** Writes the counts that changed or are old. Resolves with the infohashes of those. */
async function upsert(tx: Db, said: SaidByTracker): Promise<string[]> {
  const staleBefore = new Date(said.at.getTime() - (said.touchAfterMs ?? 0)).toISOString()
  const written = await rows<{ infoHash: string }>(
    tx,
    sql`
    INSERT INTO local.swarm AS s (info_hash, tracker, seeders, leechers, completed, scraped_at, failures, error, own)
    SELECT "infoHash", ${said.tracker}, seeders, leechers, completed, ${said.at.toISOString()}::timestamptz, 0, NULL, ${said.own ?? false}::bool
    FROM ${recordset(said.counts, '"infoHash" text, seeders int, leechers int, completed bigint')}
    ON CONFLICT (info_hash, tracker) DO UPDATE SET seeders = excluded.seeders, leechers = excluded.leechers,
      completed = excluded.completed, scraped_at = excluded.scraped_at, failures = 0, error = NULL, own = excluded.own
    WHERE (s.seeders, s.leechers, s.completed, s.failures, s.own)
      IS DISTINCT FROM (excluded.seeders, excluded.leechers, excluded.completed, 0, excluded.own)
      OR s.scraped_at IS NULL OR s.scraped_at <= ${staleBefore}::timestamptz
    RETURNING info_hash AS "infoHash"`,
  )
  return written.map(({ infoHash }) => infoHash)
}

/** Writes the history of combined counts. */
async function noteHistory(
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
}

function toState(
  infoHash: string,
  row: { seeders: number | null; leechers: number | null; at: string | null } | undefined,
  at = row?.at,
): SwarmState | undefined {
  if (row?.seeders == null || at == null) return undefined
  return { infoHash, seeders: row.seeders, leechers: row.leechers ?? 0, at: toInstant(at) }
}
