import { type SQL, sql } from 'drizzle-orm'
import { shown, shownByCode } from '../../catalog/shown.ts'
import { type Alias, int } from '../../search-terms/row-terms.ts'
import { planBy } from '../../store/planner.ts'
import { type Db, rows, storable } from '../../store/sql.ts'
import type { Corpus } from '../plan/corpora.ts'
import type { Facet, PageRow } from '../plan/engine.ts'
import { keyTypeOf, type Sort } from '../plan/sorts.ts'
import type { Candidates } from './candidates.ts'
import { cardOf, comesAfter, type OrderExpressions, orderBy } from './compile.ts'
import { type FacetRow, facetColumns, readFacets } from './facets.ts'

/** One page of rows in order, and counts over all rows that were read for it. */
export interface Page {
  rows: PageRow[]
  /** The number of cards among the candidates, on all pages. */
  cards: number
  /** The number of candidate rows that match. */
  matched: number
  facets: Facet[]
}

/** A request for a page, compiled to SQL. */
export interface CompiledPage {
  candidates: Candidates
  /** The condition that a row matches. */
  matches: (alias: Alias) => SQL
  sort: Sort
  /** The expression that the sort compares. */
  key: (alias: Alias) => SQL
  after?: { key: string; id: number } | undefined
  limit: number
  facets: readonly string[]
}

/**
 * Reads a page from a bounded set of candidates. Each group is reduced to the member that comes first in this order before
 * the cursor is applied, so that no later page shows another member.
 */
export async function readPage(tx: Db, corpus: Corpus, page: CompiledPage): Promise<Page> {
  const { candidates, sort } = page
  await planBy(tx, 'bitmap')
  const best = { key: sql`best.key`, id: sql`id` }
  const [row] = await rows<{ page: PageRow[] | null; cards: number; matched: number } & FacetRow>(
    tx,
    sql`
    WITH candidate AS MATERIALIZED (
      SELECT d.id, d.uri, ${cardOf(rowOf(corpus, 'd'))} AS card, ${page.key('d')} AS key ${facetColumns(corpus, page.facets)}
      FROM ${tableOf(corpus)} d
      WHERE ${shownByCode('d')} AND ${candidates.lookUp('d')} AND ${page.matches('d')} LIMIT ${int(candidates.limit)}
    ), best AS (
      SELECT DISTINCT ON (card) * FROM candidate ORDER BY card, ${orderBy(sort, { key: sql`key`, id: sql`id` })})
    SELECT (SELECT jsonb_agg(p) FROM (
        SELECT id, uri, card AS "group", key::text AS key FROM best WHERE ${isAfter(page, best)}
        ORDER BY ${orderBy(sort, best)} LIMIT ${int(page.limit)}) AS p) AS page,
      (SELECT count(*) FROM best)::int AS cards, (SELECT count(*) FROM candidate)::int AS matched
      ${readFacets(page.facets)}`,
  )
  return {
    rows: row?.page ?? [],
    cards: row?.cards ?? 0,
    matched: row?.matched ?? 0,
    facets: page.facets.map((field) => ({ field, values: row?.[`facet_${field}`] ?? [] })),
  }
}

/** How many rows of an index one request may read. A page may be shorter then, and its cursor continues from there. */
const longestWalk = 20_000

/**
 * Reads a page in the order of an index, for matches that are too many to sort. It reads a bounded number of rows; `resume`
 * is where it stopped, and absent at the end of the listing.
 */
export async function walkPage(
  tx: Db,
  corpus: Corpus,
  page: CompiledPage,
): Promise<{ rows: PageRow[]; cards: number; resume?: { key: string; id: number } }> {
  const { sort } = page
  await planBy(tx, 'index')
  const place = placeOf(page, 'd')
  const ordered = sql`FROM ${tableOf(corpus)} d WHERE ${shown('d')} AND ${isAfter(page, place)}
    ORDER BY ${orderBy(sort, place)}`
  const found = await rows<{ id: number; uri: string; group: number; key: string }>(
    tx,
    sql`
    SELECT d.id, d.uri, ${cardOf(rowOf(corpus, 'd'))} AS "group", d.walked::text AS key
    FROM (SELECT d.*, ${page.key('d')} AS walked ${ordered} LIMIT ${int(longestWalk)}) AS d
    WHERE ${page.matches('d')} AND ${firstOfItsGroup(corpus, page)}
    ORDER BY ${orderBy(sort, { key: sql`d.walked`, id: sql`d.id` })} LIMIT ${int(page.limit)}`,
  )
  if (found.length >= page.limit) return { rows: found, cards: found.length }
  const [stop] = await rows<{ id: number; key: string }>(
    tx,
    sql`SELECT d.id, ${page.key('d')}::text AS key ${ordered} OFFSET ${int(longestWalk - 1)} LIMIT 1`,
  )
  return { rows: found, cards: found.length, ...(stop && { resume: stop }) }
}

/** The condition that a row comes first, in this order, among the members of its group that match. */
function firstOfItsGroup(corpus: Corpus, page: CompiledPage): SQL {
  if (corpus.name === 'torrent') return sql`true`
  return sql`NOT EXISTS (
    SELECT FROM ${tableOf(corpus)} o
    WHERE o.group_id = d.group_id AND o.id <> d.id AND ${shown('o')}
      AND ${comesAfter(page.sort, placeOf(page, 'd'), placeOf(page, 'o'))} AND ${page.matches('o')})`
}

function placeOf({ key }: CompiledPage, alias: Alias): OrderExpressions {
  return { key: key(alias), id: sql.raw(`${alias}.id`) }
}

/** The condition that a row comes after the previous page. */
function isAfter({ sort, after }: CompiledPage, place: OrderExpressions): SQL {
  if (!after) return sql`true`
  const key = sql`${storable(after.key)}::${sql.raw(keyTypeOf(sort))}`
  return comesAfter(sort, place, { key, id: int(after.id) })
}

function tableOf(corpus: Corpus): SQL {
  return sql.raw(`catalog.${corpus.name}`)
}

function rowOf(corpus: Corpus, alias: Alias) {
  return { corpus: corpus.name, alias }
}
