import type { defs } from '@holdfast/lexicons'
import { partOfKey } from '@holdfast/lexicons/gathering'
import { sql } from 'drizzle-orm'
import { decodeCursor, encodeCursor } from '../../../store/page-cursor.ts'
import { anyOf, type Db, rows, textArray, toInstant } from '../../../store/sql.ts'
import { shown } from '../../shown.ts'
import { type AuthorRow, authorJson, toAuthorView } from '../records/author-views.ts'
import { readClaimsOfParts } from './claim-views.ts'

interface PartRow extends Record<string, unknown> {
  key: string
  cid: string
  author: AuthorRow
  value: Record<string, unknown>
  datasetUri: string
  state: string
  copies: number
  deadline: string | null
  attempts: number
  torrents: { uri: string; cid: string }[] | null
  indexedAt: string
}

/** Reads the visible parts with these keys, in this order, with their claims and torrents. */
export async function readPartViews(db: Db, keys: readonly string[]): Promise<defs.PartView[]> {
  if (keys.length === 0) return []
  const found = await rows<PartRow>(
    db,
    sql`SELECT part.key, r.cid, ${authorJson(sql`part.did`)} AS author, r.value, part.dataset_uri AS "datasetUri", part.state, part.copies::int,
          part.deadline::text, part.attempts, r.indexed_at AS "indexedAt",
          (SELECT jsonb_agg(jsonb_build_object('uri', t.uri, 'cid', t.cid) ORDER BY t.id) FROM (
            SELECT t.uri, t.id, tr.cid FROM catalog.torrent_part tp JOIN catalog.torrent t ON t.id = tp.torrent_id
            JOIN catalog.record tr ON tr.id = t.id
            WHERE tp.part_key = part.key AND ${shown('t')} AND t.metainfo_status = 'verified' ORDER BY t.id LIMIT 100) t) AS torrents
        FROM catalog.part part JOIN catalog.record r ON r.id = part.record_id WHERE part.key = ${anyOf(keys)} AND ${shown('part')}`,
  )
  const byKey = new Map(found.map((row) => [row.key, row]))
  const claims = await readClaimsOfParts(db, [...byKey.keys()])
  return keys.flatMap((key) => {
    const row = byKey.get(key)
    return row ? [toPartView(row, claims.get(key) ?? [])] : []
  })
}

function toPartView(row: PartRow, claims: defs.ClaimView[]): defs.PartView {
  const { uri, item } = partOfKey(row.key)
  return {
    uri: uri as defs.PartView['uri'],
    cid: row.cid,
    ...(item !== undefined && { item }),
    author: toAuthorView(row.author),
    record: row.value as defs.PartView['record'],
    dataset: { uri: row.datasetUri as defs.PartView['dataset']['uri'] },
    state: row.state,
    copies: row.copies,
    ...(row.deadline && { deadline: row.deadline }),
    attempts: row.attempts,
    claims,
    torrents: (row.torrents ?? []) as defs.PartView['torrents'],
    indexedAt: toInstant(row.indexedAt) as defs.PartView['indexedAt'],
  }
}

export interface PartListFilter {
  readonly dataset: string
  readonly by?: string | undefined
  readonly states?: readonly string[] | undefined
}

export interface PartKeyPage {
  keys: string[]
  /** Absent on the last page. */
  cursor?: string
}

const listing = 'parts'

/** Lists the keys of the visible parts of a dataset, oldest first. @throws InvalidCursorError */
export async function listPartKeys(
  db: Db,
  { dataset, by, states }: PartListFilter,
  page: { limit: number; cursor?: string | undefined },
): Promise<PartKeyPage> {
  const [after] = page.cursor === undefined ? [] : decodeCursor(listing, page.cursor, ['number'])
  const found = await rows<{ id: number; key: string }>(
    db,
    sql`SELECT p.id, p.key FROM catalog.part p WHERE p.dataset_uri = ${dataset} AND ${shown('p')}
        ${by === undefined ? sql`` : sql`AND p.did = ${by}`}
        ${states?.length ? sql`AND p.state = ANY (${textArray(states)})` : sql``}
        ${after === undefined ? sql`` : sql`AND p.id > ${after}`} ORDER BY p.id LIMIT ${page.limit + 1}`,
  )
  const keys = found.slice(0, page.limit)
  const last = keys.at(-1)
  return {
    keys: keys.map(({ key }) => key),
    ...(found.length > page.limit && last && { cursor: encodeCursor(listing, [last.id]) }),
  }
}

/** Counts parts by state, for a dataset and one division of it, or for all datasets. */
export type PartCounting = (of: {
  dataset?: string | undefined
  by?: string | undefined
}) => Promise<defs.PartCounts>

/** Counts the visible parts of a dataset by state; without a dataset, those of all datasets that their authors divided. */
export async function countParts(
  db: Db,
  { dataset, by }: { dataset?: string | undefined; by?: string | undefined },
): Promise<defs.PartCounts> {
  const found = await rows<{ state: string; n: number }>(
    db,
    sql`SELECT p.state, count(*)::int AS n FROM catalog.part p WHERE ${shown('p')}
          AND ${dataset === undefined ? sql`p.own` : sql`p.dataset_uri = ${dataset}`}
          ${by === undefined ? sql`` : sql`AND p.did = ${by}`} GROUP BY p.state`,
  )
  const counts = { open: 0, taken: 0, said: 0, gathered: 0, failed: 0, other: 0 }
  for (const { state, n } of found) counts[groupOf[state] ?? 'other'] += n
  return counts
}

const groupOf: Readonly<Record<string, 'open' | 'taken' | 'said' | 'gathered' | 'failed'>> = {
  open: 'open',
  leased: 'taken',
  claimed: 'taken',
  said: 'said',
  gathered: 'gathered',
  failed: 'failed',
}
