import type { defs } from '@holdfast/lexicons'
import { type SQL, sql } from 'drizzle-orm'
import { anyOf, type Db, rows, toInstant } from '../../sql.ts'

export interface SwarmRow {
  trackers: TrackerRow[] | null
  lastSeederAt: string | null
  history?: { at: string; seeders: number; leechers: number }[] | null
}

interface TrackerRow {
  url: string
  seeders: number | null
  leechers: number | null
  completed: number | null
  checkedAt: string | null
  error: string | null
}

/** Below this many seeders, content is in danger of losing its last copies. */
export const fewSeeders = 3

/** A {@link SwarmRow} as JSON, for the content that this SQL expression names (`local.swarm.info_hash`). */
export function swarmJson(infoHash: SQL, options: { history: boolean }): SQL {
  const history = sql`, 'history', (
    SELECT jsonb_agg(jsonb_build_object('at', at, 'seeders', seeders, 'leechers', leechers) ORDER BY at DESC)
    FROM (SELECT at, seeders, leechers FROM local.swarm_history
      WHERE info_hash = ${infoHash} ORDER BY at DESC LIMIT 1000) AS points)`
  return sql`jsonb_build_object(
    'trackers', (
      SELECT jsonb_agg(jsonb_build_object('url', tracker, 'seeders', seeders, 'leechers', leechers,
        'completed', completed, 'checkedAt', scraped_at, 'error', error) ORDER BY seeders DESC NULLS LAST, tracker)
      FROM local.swarm WHERE info_hash = ${infoHash}),
    'lastSeederAt', (SELECT max(at) FROM local.swarm_history WHERE info_hash = ${infoHash} AND seeders > 0)
    ${options.history ? history : sql``})`
}

/**
 * Counts combined over trackers: the highest, since a peer announces to several and must not count twice.
 * Undefined where nobody has looked yet.
 */
export function toSwarm(row: SwarmRow | null, options: { byTracker: boolean }): defs.Swarm | undefined {
  const trackers = row?.trackers ?? []
  if (!row || trackers.length === 0) return undefined
  const seeders = highest(trackers.map((tracker) => tracker.seeders))
  const leechers = highest(trackers.map((tracker) => tracker.leechers))
  const completed = highest(trackers.map((tracker) => tracker.completed))
  const checkedAt = trackers
    .flatMap((tracker) => tracker.checkedAt ?? [])
    .sort()
    .at(-1)
  const lastSeederAt = seeders ? checkedAt : row.lastSeederAt
  return {
    ...(seeders !== undefined && { seeders, needsSeeders: seeders < fewSeeders }),
    ...(leechers !== undefined && { leechers }),
    ...(completed !== undefined && { completed }),
    ...(checkedAt && { checkedAt: instant(checkedAt) }),
    ...(lastSeederAt && { lastSeederAt: instant(lastSeederAt) }),
    ...(options.byTracker && { trackers: trackers.slice(0, 100).map(toTrackerSwarm) }),
    ...(row.history && { history: row.history.map((point) => ({ ...point, at: instant(point.at) })) }),
  }
}

function toTrackerSwarm({
  url,
  seeders,
  leechers,
  completed,
  checkedAt,
  error,
}: TrackerRow): defs.TrackerSwarm {
  return {
    url: url as defs.TrackerSwarm['url'],
    ...(seeders !== null && { seeders }),
    ...(leechers !== null && { leechers }),
    ...(completed !== null && { completed }),
    ...(checkedAt && { checkedAt: instant(checkedAt) }),
    ...(error && { error: error.slice(0, 1000) }),
  }
}

function highest(counts: readonly (number | null)[]): number | undefined {
  const known = counts.filter((count) => count !== null)
  return known.length === 0 ? undefined : Math.max(...known)
}

function instant(text: string): NonNullable<defs.Swarm['checkedAt']> {
  return toInstant(text) as NonNullable<defs.Swarm['checkedAt']>
}

/** Combined counts of these contents, by `local.swarm.info_hash`; nobody's are absent. */
export async function readSwarms(db: Db, infoHashes: readonly string[]): Promise<Map<string, defs.Swarm>> {
  if (infoHashes.length === 0) return new Map()
  const found = await rows<{ infoHash: string; swarm: SwarmRow }>(
    db,
    sql`SELECT h AS "infoHash", ${swarmJson(sql`h`, { history: false })} AS swarm
        FROM (SELECT DISTINCT info_hash AS h FROM local.swarm WHERE info_hash = ${anyOf(infoHashes)}) AS named`,
  )
  return new Map(
    found.flatMap(({ infoHash, swarm }) => {
      const combined = toSwarm(swarm, { byTracker: false })
      return combined ? [[infoHash, combined] as const] : []
    }),
  )
}
