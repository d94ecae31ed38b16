/**
 * The history of a swarm is a step function: when counts change, the old ones are written at the time they were
 * last true, and the new ones at the time they were seen. Changes within half a minute become one point, except
 * that losing the last seeder is always kept.
 */
import { type SQL, sql } from 'drizzle-orm'
import { type Db, recordset, rows, toInstant } from '../../store/sql.ts'

export interface SwarmState {
  infoHash: string
  seeders: number
  leechers: number
  /** When these counts were last true, as an instant. */
  at: string
}

/** Changes within this time become one point. */
const finestMs = 30_000

/** Writes changes of combined counts. `before` has no entry for a content that was never counted. */
export async function appendSwarmHistory(
  tx: Db,
  changes: readonly { before: SwarmState | undefined; after: SwarmState }[],
): Promise<void> {
  if (changes.length === 0) return
  const last = await readLastPoints(
    tx,
    changes.map(({ after }) => after.infoHash),
  )
  const replaced: { infoHash: string; at: string }[] = []
  const added: SwarmState[] = []
  for (const { before, after } of changes) {
    const previous = last.get(after.infoHash)
    const isClose = previous && Date.parse(after.at) - Date.parse(previous.at) < finestMs
    if (isClose && !(previous.seeders > 0 && after.seeders === 0)) {
      replaced.push({ infoHash: previous.infoHash, at: previous.at })
    } else if (before && before.at < after.at && !(previous && before.at <= previous.at)) {
      added.push(before)
    }
    added.push(after)
  }
  await tx.execute(sql`
    DELETE FROM local.swarm_history h USING ${recordset(replaced, '"infoHash" text, at timestamptz')}
    WHERE h.info_hash = input."infoHash" AND h.at = input.at`)
  await tx.execute(sql`
    INSERT INTO local.swarm_history (info_hash, at, seeders, leechers)
    SELECT "infoHash", at, seeders, leechers
    FROM ${recordset(added, '"infoHash" text, at timestamptz, seeders int, leechers int')}
    ON CONFLICT (info_hash, at) DO UPDATE SET seeders = excluded.seeders, leechers = excluded.leechers`)
}

async function readLastPoints(tx: Db, infoHashes: readonly string[]): Promise<Map<string, SwarmState>> {
  const found = await rows<SwarmState & Record<string, unknown>>(
    tx,
    sql`
    SELECT last.info_hash AS "infoHash", last.seeders, last.leechers, last.at
    FROM ${recordset(
      infoHashes.map((infoHash) => ({ infoHash })),
      '"infoHash" text',
    )}
    CROSS JOIN LATERAL (
      SELECT * FROM local.swarm_history h WHERE h.info_hash = input."infoHash" ORDER BY h.at DESC LIMIT 1) AS last`,
  )
  return new Map(found.map((row) => [row.infoHash, { ...row, at: toInstant(row.at) }]))
}

/**
 * Thins the history: every point of the last day, two an hour for a month, two a day before. Of each hour or day the
 * last point stays, and the last with seeders, so that the time when the last seeder was seen is kept to the hour.
 */
export async function thinSwarmHistory(db: Db, now: Date): Promise<number> {
  const [dayMs, monthMs] = [86_400_000, 30 * 86_400_000]
  const start = (unit: 'hour' | 'day', agoMs: number) =>
    sql`date_trunc(${unit}, ${new Date(now.getTime() - agoMs).toISOString()}::timestamptz)`
  const thin = (unit: 'hour' | 'day', from: SQL, to: SQL) =>
    rows(
      db,
      sql`
      DELETE FROM local.swarm_history h USING (
        SELECT info_hash, at,
          row_number() OVER (bucket ORDER BY at DESC) AS nth,
          CASE WHEN seeders > 0 THEN row_number() OVER (seeded ORDER BY at DESC) END AS nth_seeded
        FROM local.swarm_history WHERE at >= ${from} AND at < ${to}
        WINDOW bucket AS (PARTITION BY info_hash, date_trunc(${unit}, at)),
          seeded AS (PARTITION BY info_hash, date_trunc(${unit}, at), seeders > 0)) AS point
      WHERE h.info_hash = point.info_hash AND h.at = point.at AND point.nth > 1
        AND coalesce(point.nth_seeded, 2) > 1 RETURNING 1 AS gone`,
    )
  const hourly = await thin('hour', start('day', monthMs), start('hour', dayMs))
  const daily = await thin('day', sql`'-infinity'::timestamptz`, start('day', monthMs))
  return hourly.length + daily.length
}
