import type { defs } from '@holdfast/lexicons'
import { type SQL, sql } from 'drizzle-orm'
import { anyOf, type Db, rows, toInstant } from '../../../store/sql.ts'
import { fewSeeders } from '../../derive/wanted-torrents.ts'
import { believedSeeders, isWatched, swarmsOf } from '../../named-addresses.ts'

export interface SwarmRow {
  trackers: TrackerRow[] | null
  /** The believed number of seeders, which decides whether a content needs help. */
  believed: number | null
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
  /** Whether the tracker is one of our own. */
  own: boolean
  /** Whether an account names it that may speak for the content. */
  speaks: boolean
}

/** A {@link SwarmRow} as JSON, for the content that this SQL expression names (`local.swarm.info_hash`). */
export function swarmJson(infoHash: SQL, options: { history: boolean }): SQL {
  const history = sql`, 'history', (
    SELECT jsonb_agg(jsonb_build_object('at', at, 'seeders', seeders, 'leechers', leechers) ORDER BY at DESC)
    FROM (SELECT at, seeders, leechers FROM local.swarm_history
      WHERE info_hash = ${infoHash} ORDER BY at DESC LIMIT 1000) AS points)`
  return sql`jsonb_build_object(
    'trackers', (
      SELECT jsonb_agg(jsonb_build_object('url', tracker, 'seeders', seeders, 'leechers', leechers,
        'completed', completed, 'checkedAt', scraped_at, 'error', error, 'own', own, 'speaks', speaks)
        ORDER BY speaks DESC, seeders DESC NULLS LAST, tracker)
      FROM ${swarmsOf(infoHash)} AS s WHERE ${isWatched}),
    'believed', ${believedSeeders(infoHash)},
    'lastSeederAt', (SELECT max(at) FROM local.swarm_history WHERE info_hash = ${infoHash} AND seeders > 0)
    ${options.history ? history : sql``})`
}

/**
 * Combines the counts of trackers by taking the highest, since a peer announces to several trackers and must not count
 * twice. Trackers that others named are listed but not counted. Undefined when no tracker has been asked yet.
 */
export function toSwarm(
  row: SwarmRow | null,
  options: {
    byTracker: boolean
    /** Whether the torrent is wanted: see `derive/wanted-torrents.ts`. */
    wanted?: boolean
  },
): defs.Swarm | undefined {
  const all = row?.trackers ?? []
  if (!row || all.length === 0) return undefined
  const trackers = all.filter(({ speaks }) => speaks)
  const seeders = highest(trackers.map((tracker) => tracker.seeders))
  const leechers = highest(trackers.map((tracker) => tracker.leechers))
  const completed = highest(trackers.map((tracker) => tracker.completed))
  const checkedAt = trackers
    .flatMap((tracker) => tracker.checkedAt ?? [])
    .sort()
    .at(-1)
  const lastSeederAt = seeders ? checkedAt : row.lastSeederAt
  return {
    ...(seeders !== undefined && {
      seeders,
      needsSeeders: options.wanted !== false && (row.believed ?? seeders) < fewSeeders,
    }),
    ...(leechers !== undefined && { leechers }),
    ...(completed !== undefined && { completed }),
    ...(checkedAt && { checkedAt: instant(checkedAt) }),
    ...(lastSeederAt && { lastSeederAt: instant(lastSeederAt) }),
    ...(options.byTracker && { trackers: all.slice(0, 100).map(toTrackerSwarm) }),
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
  own,
}: TrackerRow): defs.TrackerSwarm {
  return {
    url: url as defs.TrackerSwarm['url'],
    isClaim: !own,
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

/** Reads the combined counts of these contents, by `local.swarm.info_hash`; contents without counts are absent. */
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
