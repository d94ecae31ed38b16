/** What is in need of help: kept as URIs for a while, since finding them reads much; views are read anew each time. */
import { sql } from 'drizzle-orm'
import { type Db, rows } from '../../sql.ts'
import { fewSeeders } from '../torrents/swarm-views.ts'

export interface Need {
  total: number
  /** The most urgent first. */
  uris: string[]
}

export interface Needs {
  /** Datasets whose source is expected to go within {@link soonDays} days, or is overdue and not yet gone. */
  losing: Need
  /** Endangered datasets that nobody has made a torrent of. */
  unsaved: Need
  /** Torrents (verified) that nobody seeds now. */
  unseeded: Need
  /** Torrents (verified) with a seeder, but fewer than {@link fewSeeders}. */
  few: Need
}

/** A month ahead: "this month". */
export const soonDays = 31
const most = 100
/** What is denied or deleted drops out when its view is read; what is new may wait this long. */
const freshMs = 15_000

export type ReadNeeds = () => Promise<Needs>

/** Reads what is in need; an older answer serves while a new one is made. */
export function needsReader(db: Db): ReadNeeds {
  let last: { needs: Needs; atMs: number } | undefined
  let reading: Promise<Needs> | undefined
  const read = () => {
    reading ??= readNeeds(db)
      .then((needs) => {
        last = { needs, atMs: Date.now() }
        return needs
      })
      .finally(() => {
        reading = undefined
      })
    return reading
  }
  return () => {
    if (!last) return read()
    // The next reader is told of a failure; this one has an answer.
    if (Date.now() - last.atMs > freshMs) read().catch(() => {})
    return Promise.resolve(last.needs)
  }
}

async function readNeeds(db: Db): Promise<Needs> {
  const losing = sql`catalog.dataset WHERE visible AND coalesce(deadline, 'infinity') < current_date + ${soonDays}::int
    AND coalesce(deadline, 'infinity') > current_date - 365 AND NOT risks @> ARRAY['extinct']`
  const unsaved = sql`catalog.dataset WHERE visible AND torrent_count = 0 AND risks && ARRAY['endangered', 'takedown-issued']`
  const few = (
    from: number,
    below: number,
  ) => sql`catalog.torrent WHERE visible AND metainfo_status = 'verified'
    AND coalesce(seeders, 2147483647) >= ${from} AND coalesce(seeders, 2147483647) < ${below}`
  return {
    losing: await readNeed(db, losing, sql`coalesce(deadline, 'infinity'), id`),
    unsaved: await readNeed(db, unsaved, sql`coalesce(deadline, 'infinity'), created_at DESC, id`),
    unseeded: await readNeed(db, few(0, 1), sql`created_at DESC, id`),
    few: await readNeed(db, few(1, fewSeeders), sql`coalesce(seeders, 2147483647), created_at DESC, id`),
  }
}

async function readNeed(db: Db, from: ReturnType<typeof sql>, order: ReturnType<typeof sql>): Promise<Need> {
  const found = await rows<{ uri: string; total: number }>(
    db,
    sql`SELECT uri, (count(*) OVER ())::int AS total FROM ${from} ORDER BY ${order} LIMIT ${most}`,
  )
  return { total: found[0]?.total ?? 0, uris: found.map(({ uri }) => uri) }
}
