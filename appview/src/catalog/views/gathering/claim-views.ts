import { createHash } from 'node:crypto'
import type { defs } from '@holdfast/lexicons'
import { partOfKey, type Standing, standings } from '@holdfast/lexicons/gathering'
import { type SQL, sql } from 'drizzle-orm'
import { decodeCursor, encodeCursor } from '../../../store/page-cursor.ts'
import { anyOf, type Db, rows, toInstant } from '../../../store/sql.ts'
import { mayClaim } from '../../derive/gathering.ts'
import { shown, shownAccount } from '../../shown.ts'
import { type AuthorRow, authorJson, toAuthorView } from '../records/author-views.ts'

/** More claims on one part are not told apart: those beyond are surplus in any case. */
const mostOnOnePart = 200

interface ClaimRow extends Record<string, unknown> {
  id: number
  uri: string
  cid: string
  partKey: string
  value: Record<string, unknown>
  author: AuthorRow
  countsUntil: string | null
  indexedAt: string
  createdAt: string
}

export interface ClaimFilter {
  readonly did?: string | undefined
  readonly dataset?: string | undefined
  readonly partKey?: string | undefined
  readonly standing?: string | undefined
}

export interface ClaimPage {
  claims: defs.ClaimView[]
  /** Absent on the last page. */
  cursor?: string
}

const listing = 'claims'

/** Lists visible claims, newest first. A page may be shorter where only some standings are wanted. @throws InvalidCursorError */
export async function listClaimViews(
  db: Db,
  { did, dataset, partKey, standing }: ClaimFilter,
  page: { limit: number; cursor?: string | undefined },
): Promise<ClaimPage> {
  const [at, id] = page.cursor === undefined ? [] : decodeCursor(listing, page.cursor, ['instant', 'number'])
  const conditions = [
    shown('c'),
    ...(did === undefined ? [] : [sql`c.did = ${did} AND ${shownAccount(did)}`]),
    ...(partKey === undefined ? [] : [sql`c.part_key = ${partKey}`]),
    ...(dataset === undefined
      ? []
      : [sql`c.part_key IN (SELECT key FROM catalog.part WHERE dataset_uri = ${dataset})`]),
    ...(at === undefined ? [] : [sql`(c.created_at, c.id) < (${at}::timestamptz, ${id})`]),
  ]
  const found = await readClaims(
    db,
    sql`${sql.join(conditions, sql` AND `)} ORDER BY c.created_at DESC, c.id DESC LIMIT ${page.limit + 1}`,
  )
  const shownRows = found.slice(0, page.limit)
  const standingOf = await readStandings(
    db,
    shownRows.map((row) => row.partKey),
  )
  const last = shownRows.at(-1)
  return {
    claims: toClaimViews(shownRows, standingOf).filter(
      (view) => standing === undefined || view.standing === standing,
    ),
    ...(found.length > page.limit && last && { cursor: encodeCursor(listing, [last.createdAt, last.id]) }),
  }
}

/** The visible claims on each of these parts, those that count first. */
export async function readClaimsOfParts(
  db: Db,
  keys: readonly string[],
): Promise<Map<string, defs.ClaimView[]>> {
  const found = await readClaims(
    db,
    sql`${shown('c')} AND c.part_key = ${anyOf(keys)} ORDER BY (c.counts_until > now()) DESC NULLS LAST, c.order_at LIMIT ${100 * keys.length}`,
  )
  const views = toClaimViews(found, await readStandings(db, keys))
  const byPart = new Map<string, defs.ClaimView[]>()
  for (const [index, view] of views.entries()) {
    const { partKey } = found[index]!
    const list = byPart.get(partKey) ?? []
    if (list.length < 100) byPart.set(partKey, [...list, view])
  }
  return byPart
}

/** How the claims on these parts stand, by the URI of the claim; of claims that are not shown, too, since they count. */
async function readStandings(db: Db, keys: readonly string[]): Promise<(uri: string) => Standing> {
  const found = await rows<{
    uri: string
    did: string
    key: string
    copies: number
    orderMs: number
    untilMs: number | null
    nowMs: number
  }>(
    db,
    sql`SELECT c.uri, c.did, k.key, coalesce(p.copies, 1)::int AS copies, extract(epoch FROM c.order_at)::float8 * 1000 AS "orderMs",
          extract(epoch FROM CASE WHEN ${mayClaim(sql`c.did`)} THEN c.counts_until END)::float8 * 1000 AS "untilMs",
          extract(epoch FROM now())::float8 * 1000 AS "nowMs"
        FROM (SELECT DISTINCT unnest(${sql`ARRAY(SELECT jsonb_array_elements_text(${JSON.stringify(keys)}::text::jsonb))`}) AS key) k
        LEFT JOIN catalog.part p ON p.key = k.key
        CROSS JOIN LATERAL (SELECT * FROM catalog.claim c WHERE c.part_key = k.key ORDER BY c.order_at LIMIT ${mostOnOnePart}) c`,
  )
  const byUri = new Map<string, Standing>()
  for (const claims of Map.groupBy(found, ({ key }) => key).values()) {
    const { copies, nowMs } = claims[0]!
    const ranked = standings(
      claims.map(({ uri, did, key, orderMs, untilMs }) => ({
        uri,
        orderMs,
        countsUntilMs: untilMs ?? undefined,
        tieBreak: createHash('sha256').update(did).update(key).digest('hex'),
      })),
      { copies, nowMs },
    )
    for (const [uri, standing] of ranked) byUri.set(uri, standing)
  }
  return (uri) => byUri.get(uri) ?? 'surplus'
}

function readClaims(db: Db, condition: SQL): Promise<ClaimRow[]> {
  return rows<ClaimRow>(
    db,
    sql`SELECT c.id, c.uri, r.cid, c.part_key AS "partKey", r.value, ${authorJson(sql`c.did`)} AS author,
          c.counts_until AS "countsUntil", r.indexed_at AS "indexedAt", c.created_at::text AS "createdAt"
        FROM catalog.claim c JOIN catalog.record r ON r.id = c.id WHERE ${condition}`,
  )
}

function toClaimViews(found: readonly ClaimRow[], standingOf: (uri: string) => Standing): defs.ClaimView[] {
  return found.map((row) => ({
    uri: row.uri as defs.ClaimView['uri'],
    cid: row.cid,
    author: toAuthorView(row.author),
    record: row.value as defs.ClaimView['record'],
    part: partOfKey(row.partKey) as defs.ClaimView['part'],
    standing: standingOf(row.uri),
    ...(row.countsUntil && {
      expiresAt: toInstant(row.countsUntil) as NonNullable<defs.ClaimView['expiresAt']>,
    }),
    indexedAt: toInstant(row.indexedAt) as defs.ClaimView['indexedAt'],
  }))
}
