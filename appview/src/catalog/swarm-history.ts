/**
 * The history of a swarm is a step function: when counts change, the old ones are written at the time they were
 * last true, and the new ones at the time they were seen. Changes within half a minute become one point, except
 * that losing the last seeder is always kept.
 */
import { sql } from 'drizzle-orm'
import { type Db, recordset, rows, toInstant } from './sql.ts'

export interface SwarmState {
  infoHash: string
  seeders: number
  leechers: number
  /** When these counts were last true, as an instant. */
  at: string
}

/** Points closer than this are one. */
const finestMs = 30_000

/** Notes that combined counts changed. `before` has no entry for a content never seen before. */
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
    } else if (before && (!previous || Date.parse(before.at) > Date.parse(previous.at))) {
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
