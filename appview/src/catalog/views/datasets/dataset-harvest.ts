/**
 * Pages of all visible datasets in the order in which they last changed, for harvesters that read everything once and then
 * only changes: a dataset that changes meanwhile is listed again at the end. Hidden and deleted datasets are listed too, for
 * as long as the live stream of records is kept.
 */
import { type SQL, sql } from 'drizzle-orm'
import { type CursorPart, decodeCursor, encodeCursor } from '../../../store/page-cursor.ts'
import { type Db, rows, toInstant } from '../../../store/sql.ts'
import { mapInTurns } from '../../../threads/turns.ts'
import { shown } from '../../shown.ts'
import { type HarvestSet, readSetCondition, type SetColumns, setsOf } from './harvest-sets.ts'

export interface HarvestItem {
  uri: string
  /** ISO 8601. */
  changedAt: string
  /** Whether it was deleted or hidden at that time. */
  gone: boolean
  /** The sets that it is in; empty for one that is gone. */
  sets: HarvestSet[]
}

export interface HarvestOptions {
  limit: number
  /** A page ends early, but after at least one item, when its records have more characters than this. */
  maxCharacters?: number | undefined
  /** Where the previous page ended. */
  after?: HarvestPosition | undefined
  /** Only changes at this instant or later. */
  from?: Date | undefined
  /** Only changes before this instant. */
  before?: Date | undefined
  /** Whether to list datasets that are hidden or deleted. */
  gone: boolean
  /** Only datasets of this set. Hidden and deleted datasets are listed in any case, since their sets are not stored. */
  set?: HarvestSet | undefined
}

/** A position: the instant as PostgreSQL writes it; 0 for a visible dataset, 1 for one that is gone; its id in that table. */
export type HarvestPosition = readonly [at: string, rank: number, number: number]

export interface HarvestPage {
  items: HarvestItem[]
  /** Absent on the last page. */
  next?: HarvestPosition
}

/** The types of the parts of a position, for {@link decodeCursor}. */
export const positionShape = ['instant', 'number', 'number'] as const

/** Reads a page of visible datasets and of those that are gone. */
export async function readHarvest(db: Db, options: HarvestOptions): Promise<HarvestPage> {
  const [at, rank = 0, number = 0] = options.after ?? []
  const size = options.maxCharacters === undefined ? sql`0` : sql`length(r.value::text)`
  const wanted = sql`LIMIT ${options.limit + 1}`
  const isWanted = options.set ? await readSetCondition(db, options.set, options.limit) : sql`true`
  const present = sql`
    SELECT c.changed_at AS at, 0 AS rank, c.dataset_id AS number, d.uri, ${size} AS size, ${setColumns}
    FROM catalog.dataset_change c JOIN catalog.dataset d ON d.id = c.dataset_id AND ${shown('d')}
    JOIN catalog.record r ON r.id = d.id
    WHERE ${within(sql`c.changed_at`, options)} AND ${isWanted} ${at === undefined ? sql`` : rank === 0 ? sql`AND (c.changed_at, c.dataset_id) > (${at}::timestamptz, ${number})` : sql`AND c.changed_at > ${at}::timestamptz`}
    ORDER BY c.changed_at, c.dataset_id ${wanted}`
  const gone = sql`
    SELECT h.at, 1 AS rank, h.seq AS number, h.uri, 0 AS size, NULL::jsonb AS within
    FROM local.record_change h
    WHERE h.kind = 'dataset' AND h.action IN ('hide', 'delete') AND ${within(sql`h.at`, options)}
      ${at === undefined ? sql`` : rank === 0 ? sql`AND h.at >= ${at}::timestamptz` : sql`AND (h.at, h.seq) > (${at}::timestamptz, ${number})`}
      AND NOT EXISTS (SELECT FROM catalog.dataset d WHERE d.uri = h.uri AND ${shown('d')})
    ORDER BY h.at, h.seq ${wanted}`
  const found = await rows<HarvestRow>(
    db,
    sql`SELECT at::text, rank, number, uri, size, within FROM (
          (${present}) ${options.gone ? sql`UNION ALL (${gone})` : sql``}) AS listed
        ORDER BY listed.at, rank, number ${wanted}`,
  )
  return toPage(found, options)
}

/** Reads when one dataset last changed or was hidden or deleted; undefined when that is not known. */
export async function readHarvestItem(db: Db, uri: string): Promise<HarvestItem | undefined> {
  const [row] = await rows<{ at: string; gone: boolean; within: SetColumns | null }>(
    db,
    sql`SELECT c.changed_at::text AS at, false AS gone, ${setColumns} FROM catalog.dataset d
        JOIN catalog.dataset_change c ON c.dataset_id = d.id WHERE d.uri = ${uri} AND ${shown('d')}
        UNION ALL (
          SELECT h.at::text, true, NULL FROM local.record_change h
          WHERE h.uri = ${uri} AND h.kind = 'dataset' AND h.action IN ('hide', 'delete') ORDER BY h.seq DESC LIMIT 1)
        ORDER BY gone LIMIT 1`,
  )
  if (!row) return undefined
  const { at, gone, within } = row
  return { uri, changedAt: toInstant(at), gone, sets: within ? await setsOf(within) : [] }
}

/** Reads the time of the earliest change that can be harvested; undefined for an empty index. */
export async function readEarliestChange(db: Db): Promise<string | undefined> {
  const [row] = await rows<{ at: string | null }>(
    db,
    sql`SELECT least(
          (SELECT min(changed_at) FROM catalog.dataset_change),
          (SELECT min(at) FROM local.record_change WHERE kind = 'dataset'))::text AS at`,
  )
  return row?.at ? toInstant(row.at) : undefined
}

export function encodePosition(listing: string, position: HarvestPosition): string {
  return encodeCursor(listing, position as readonly CursorPart[])
}

/** Decodes the position in a cursor. @throws InvalidCursorError */
export function decodePosition(listing: string, cursor: string): HarvestPosition {
  return decodeCursor(listing, cursor, positionShape)
}

interface HarvestRow extends Record<string, unknown> {
  at: string
  rank: number
  number: number
  uri: string
  size: number
  within: SetColumns | null
}

const setColumns = sql`jsonb_build_object('risk', d.risk, 'publisher', d.publisher, 'keywords', d.keywords) AS within`

function within(column: SQL, { from, before }: HarvestOptions): SQL {
  // Pass instants as seconds: PostgreSQL cannot parse the year 0 or years of five digits.
  const at = (instant: Date) => sql`to_timestamp(${instant.getTime() / 1_000}::double precision)`
  const since = from === undefined ? sql`true` : sql`${column} >= ${at(from)}`
  return before === undefined ? since : sql`${since} AND ${column} < ${at(before)}`
}

async function toPage(
  found: readonly HarvestRow[],
  { limit, maxCharacters = Number.POSITIVE_INFINITY }: HarvestOptions,
): Promise<HarvestPage> {
  let characters = 0
  const fitting = found.findIndex((row, i) => {
    characters += row.size
    return i >= limit || (i > 0 && characters > maxCharacters)
  })
  const page = fitting < 0 ? found : found.slice(0, fitting)
  const last = page.at(-1)
  const items = await mapInTurns(page, async ({ uri, at, rank, within }) => ({
    uri,
    changedAt: toInstant(at),
    gone: rank === 1,
    sets: within ? await setsOf(within) : [],
  }))
  return {
    items,
    ...(fitting >= 0 && last && { next: [last.at, last.rank, last.number] as const }),
  }
}
