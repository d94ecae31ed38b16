/**
 * Every visible dataset in the order in which it last changed, keyset-paged, for catalogues that are read whole and then
 * followed: what changes meanwhile comes again at the end. Datasets that went out of view stand among them for as long
 * as the live stream of records is kept.
 */
import { type SQL, sql } from 'drizzle-orm'
import { type CursorPart, decodeCursor, encodeCursor } from '../../cursor.ts'
import { type Db, rows, toInstant } from '../../sql.ts'
import { type HarvestSet, readSetCondition, type SetColumns, setsOf } from './harvest-sets.ts'

export interface HarvestItem {
  uri: string
  /** ISO 8601. */
  changedAt: string
  /** It was deleted or hidden then. */
  gone: boolean
  /** What it is in; of what is gone nothing is said. */
  sets: HarvestSet[]
}

export interface HarvestOptions {
  limit: number
  /** Ends a page early, after at least one item: the records of a page in characters. */
  maxCharacters?: number | undefined
  /** Where the page before ended. */
  after?: HarvestPosition | undefined
  /** Instants, this one included. */
  from?: Date | undefined
  /** Instants, this one not included. */
  before?: Date | undefined
  /** Whether datasets that went out of view are listed. */
  gone: boolean
  /** Only datasets of this set, and all that are gone: which of them were in it is not remembered. */
  set?: HarvestSet | undefined
}

/** The instant as PostgreSQL writes it, 0 for a dataset and 1 for one that is gone, and its number there. */
export type HarvestPosition = readonly [at: string, rank: number, number: number]

export interface HarvestPage {
  items: HarvestItem[]
  /** Absent on the last page. */
  next?: HarvestPosition
}

/** The parts of a position in a cursor, for {@link decodeCursor}. */
export const positionShape = ['instant', 'number', 'number'] as const

/** A page of the datasets there are, and of those that are gone. */
export async function readHarvest(db: Db, options: HarvestOptions): Promise<HarvestPage> {
  const [at, rank = 0, number = 0] = options.after ?? []
  const size = options.maxCharacters === undefined ? sql`0` : sql`length(r.value::text)`
  const wanted = sql`LIMIT ${options.limit + 1}`
  const isWanted = options.set ? await readSetCondition(db, options.set, options.limit) : sql`true`
  const present = sql`
    SELECT c.changed_at AS at, 0 AS rank, c.dataset_id AS number, d.uri, ${size} AS size, ${setColumns}
    FROM catalog.dataset_change c JOIN catalog.dataset d ON d.id = c.dataset_id AND d.visible
    JOIN catalog.record r ON r.id = d.id
    WHERE ${within(sql`c.changed_at`, options)} AND ${isWanted} ${at === undefined ? sql`` : rank === 0 ? sql`AND (c.changed_at, c.dataset_id) > (${at}::timestamptz, ${number})` : sql`AND c.changed_at > ${at}::timestamptz`}
    ORDER BY c.changed_at, c.dataset_id ${wanted}`
  const gone = sql`
    SELECT h.at, 1 AS rank, h.seq AS number, h.uri, 0 AS size, NULL::jsonb AS within
    FROM local.record_change h
    WHERE h.kind = 'dataset' AND h.action IN ('hide', 'delete') AND ${within(sql`h.at`, options)}
      ${at === undefined ? sql`` : rank === 0 ? sql`AND h.at >= ${at}::timestamptz` : sql`AND (h.at, h.seq) > (${at}::timestamptz, ${number})`}
      AND NOT EXISTS (SELECT FROM catalog.dataset d WHERE d.uri = h.uri AND d.visible)
    ORDER BY h.at, h.seq ${wanted}`
  const found = await rows<HarvestRow>(
    db,
    sql`SELECT at::text, rank, number, uri, size, within FROM (
          (${present}) ${options.gone ? sql`UNION ALL (${gone})` : sql``}) AS listed
        ORDER BY listed.at, rank, number ${wanted}`,
  )
  return toPage(found, options)
}

/** When one dataset last changed, or went; undefined for one that is neither there nor remembered. */
export async function readHarvestItem(db: Db, uri: string): Promise<HarvestItem | undefined> {
  const [row] = await rows<{ at: string; gone: boolean; within: SetColumns | null }>(
    db,
    sql`SELECT c.changed_at::text AS at, false AS gone, ${setColumns} FROM catalog.dataset d
        JOIN catalog.dataset_change c ON c.dataset_id = d.id WHERE d.uri = ${uri} AND d.visible
        UNION ALL (
          SELECT h.at::text, true, NULL FROM local.record_change h
          WHERE h.uri = ${uri} AND h.kind = 'dataset' AND h.action IN ('hide', 'delete') ORDER BY h.seq DESC LIMIT 1)
        ORDER BY gone LIMIT 1`,
  )
  return (
    row && { uri, changedAt: toInstant(row.at), gone: row.gone, sets: row.within ? setsOf(row.within) : [] }
  )
}

/** The earliest change there is to harvest; undefined for an empty index. */
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

/** @throws InvalidCursorError */
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
  // As seconds: PostgreSQL reads no year 0 and none of five digits.
  const at = (instant: Date) => sql`to_timestamp(${instant.getTime() / 1_000}::double precision)`
  const since = from === undefined ? sql`true` : sql`${column} >= ${at(from)}`
  return before === undefined ? since : sql`${since} AND ${column} < ${at(before)}`
}

function toPage(
  found: readonly HarvestRow[],
  { limit, maxCharacters = Number.POSITIVE_INFINITY }: HarvestOptions,
): HarvestPage {
  let characters = 0
  const fitting = found.findIndex((row, i) => {
    characters += row.size
    return i >= limit || (i > 0 && characters > maxCharacters)
  })
  const page = fitting < 0 ? found : found.slice(0, fitting)
  const last = page.at(-1)
  return {
    items: page.map(({ uri, at, rank, within }) => ({
      uri,
      changedAt: toInstant(at),
      gone: rank === 1,
      sets: within ? setsOf(within) : [],
    })),
    ...(fitting >= 0 && last && { next: [last.at, last.rank, last.number] as const }),
  }
}
