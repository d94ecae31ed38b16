/** Datasets and torrents that need help. Their URIs are kept for a while, because finding them reads much; their views are read each time. */
import { type SQL, sql } from 'drizzle-orm'
import { type Db, rows } from '../../../store/sql.ts'
import { needsHelp } from '../../derive/wanted-torrents.ts'
import { shown } from '../../shown.ts'
import { supersedes } from '../records/record-views.ts'

export interface Need {
  total: number
  /** AT-URIs, most urgent first. */
  uris: string[]
}

export interface Needs {
  /** Datasets whose source is expected to go within {@link soonDays} days, or is overdue and not yet gone. */
  losing: Need
  /** Endangered datasets that nobody has made a torrent of. */
  unsaved: Need
  /** Torrents (verified) that nobody seeds now. */
  unseeded: Need
  /** Torrents (verified) with a seeder, but too few. */
  few: Need
}

/** How many days ahead count as "this month". */
export const soonDays = 31
const most = 100
/** How long the URIs are kept. Denied and deleted records disappear at once, when their views are read. */
const freshMs = 15_000

export type ReadNeeds = () => Promise<Needs>

/** Makes a reader of needs. It returns an older answer while a new one is being made. */
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
    // Ignore a failure here, since there is an answer; the next reader will try again.
    if (Date.now() - last.atMs > freshMs) read().catch(() => {})
    return Promise.resolve(last.needs)
  }
}

async function readNeeds(db: Db): Promise<Needs> {
  const losing = sql`catalog.dataset WHERE ${shown()} AND ${isCurrentDataset} AND coalesce(deadline, 'infinity') < current_date + ${soonDays}::int
    AND coalesce(deadline, 'infinity') > current_date - 365 AND NOT risks @> ARRAY['extinct']`
  const unsaved = sql`catalog.dataset WHERE ${shown()} AND ${isCurrentDataset} AND torrent_count = 0 AND risks && ARRAY['endangered', 'takedown-issued']`
  const weak = (seeded: SQL) => sql`catalog.torrent WHERE ${shown()} AND ${needsHelp()} AND ${seeded}`
  return {
    losing: await readNeed(db, losing, sql`coalesce(deadline, 'infinity'), id`),
    unsaved: await readNeed(db, unsaved, sql`coalesce(deadline, 'infinity'), created_at DESC, id`),
    unseeded: await readNeed(db, weak(sql`seeders = 0`), sql`created_at DESC, id`),
    few: await readNeed(db, weak(sql`seeders > 0`), sql`coalesce(seeders, 2147483647), created_at DESC, id`),
  }
}

/** Whether no visible dataset of the same author supersedes this one. */
const isCurrentDataset = sql`NOT EXISTS (
  SELECT FROM catalog.record newer WHERE ${supersedes(sql`dataset.uri`, 'newer')}
    AND newer.kind = 'dataset' AND newer.did = dataset.did AND newer.id <> dataset.id AND newer.visible)`

async function readNeed(db: Db, from: SQL, order: SQL): Promise<Need> {
  const found = await rows<{ uri: string; total: number }>(
    db,
    sql`SELECT uri, (count(*) OVER ())::int AS total FROM ${from} ORDER BY ${order} LIMIT ${most}`,
  )
  return { total: found[0]?.total ?? 0, uris: found.map(({ uri }) => uri) }
}
