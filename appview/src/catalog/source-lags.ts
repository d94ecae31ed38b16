import { sql } from 'drizzle-orm'
import { type Db, rows } from '../store/sql.ts'

/** How far the index is behind a source, as last measured by the process that follows it. */
export interface SourceLag {
  readonly connected: boolean
  /** The lag in ms; undefined before the first event of the source. */
  readonly lagMs: number | undefined
  /** How many events were read but are not yet stored. */
  readonly waiting: number
  /** How many more events wait for the servers of their accounts. */
  readonly parked: number
  readonly caughtUp: boolean
}

const setting = 'sourceLags'
/** A measurement older than this means that no process follows the sources now. */
const trustedMs = 30_000

/** Writes a measurement, for the processes that do not follow the network. */
export async function writeSourceLags(
  db: Db,
  lags: readonly (SourceLag & { readonly host: string })[],
): Promise<void> {
  const value = JSON.stringify(
    Object.fromEntries(lags.map(({ host, ...lag }) => [host, { ...lag, lagMs: lag.lagMs ?? null }])),
  )
  await db.execute(sql`
    INSERT INTO local.setting AS s (name, value)
    VALUES (${setting}, jsonb_build_object('at', extract(epoch FROM clock_timestamp()) * 1000, 'hosts', ${value}::jsonb))
    ON CONFLICT (name) DO UPDATE SET value = excluded.value`)
}

/** Reads the lags by host. For an outdated measurement, the lag keeps growing with time and the other values are unknown. */
export async function readSourceLags(db: Db): Promise<Map<string, SourceLag>> {
  const [found] = await rows<{ ageMs: number; hosts: Record<string, StoredLag> }>(
    db,
    sql`SELECT (extract(epoch FROM clock_timestamp()) * 1000 - (value ->> 'at')::float8)::float8 AS "ageMs", value -> 'hosts' AS hosts
        FROM local.setting WHERE name = ${setting}`,
  )
  if (!found) return new Map()
  const { ageMs, hosts } = found
  const isOld = ageMs > trustedMs
  return new Map(
    Object.entries(hosts).map(([host, { lagMs, ...lag }]) => {
      if (!isOld) return [host, { ...lag, lagMs: lagMs ?? undefined }]
      const grown = lagMs === null ? undefined : lagMs + ageMs
      return [host, { ...lag, connected: false, caughtUp: false, lagMs: grown }]
    }),
  )
}

type StoredLag = Omit<SourceLag, 'lagMs'> & { readonly lagMs: number | null }
