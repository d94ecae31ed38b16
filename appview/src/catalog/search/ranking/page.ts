import { type SQL, sql } from 'drizzle-orm'
import { type Db, rows, storable } from '../../sql.ts'
import type { Corpus, Sort } from '../corpora/corpus.ts'
import { type FacetRow, facetColumns, readFacets } from '../corpora/facets.ts'
import type { Facet } from '../search-results.ts'
import { type Alias, int } from '../terms/row-terms.ts'
import { and, type Candidates } from './candidates.ts'
import type { PageRow } from './engine.ts'
import { planBy } from './planner.ts'

/** One page of rows in order, and what the rows looked at have in common. */
export interface Page {
  rows: PageRow[]
  /** Cards among the candidates, before the cursor. */
  cards: number
  /** Candidate rows that matched. */
  matched: number
  facets: Facet[]
}

export interface PageRequest {
  candidates: Candidates
  /** All that a row must meet. */
  matches: (alias: Alias) => SQL
  sort: Sort
  after?: { key: string; id: number } | undefined
  limit: number
  facets: readonly string[]
}

/**
 * Reads a page from a bounded set of candidates. Groups collapse before the cursor is applied: each shows the member
 * that comes first in this order, so no later page shows another.
 */
export async function readPage(tx: Db, corpus: Corpus, request: PageRequest): Promise<Page> {
  const { candidates, sort } = request
  await planBy(tx, 'bitmap')
  const direction = sql.raw(sort.descending ? 'DESC' : 'ASC')
  const [row] = await rows<{ page: PageRow[] | null; cards: number; matched: number } & FacetRow>(
    tx,
    sql`
    WITH candidate AS MATERIALIZED (
      SELECT d.id, d.uri, ${corpus.group('d')} AS card, ${sort.key('d')} AS key ${facetColumns(corpus, request.facets)}
      FROM ${sql.raw(`catalog.${corpus.name}`)} d
      WHERE d.visible::int = 1 AND ${candidates.lookUp('d')} AND ${request.matches('d')} LIMIT ${int(candidates.limit)}
    ), best AS (SELECT DISTINCT ON (card) * FROM candidate ORDER BY card, key ${direction}, id ${direction})
    SELECT (SELECT jsonb_agg(p) FROM (
        SELECT id, uri, card AS "group", key::text AS key FROM best WHERE ${after(sort, request.after)}
        ORDER BY best.key ${direction}, id ${direction} LIMIT ${int(request.limit)}) AS p) AS page,
      (SELECT count(*) FROM best)::int AS cards, (SELECT count(*) FROM candidate)::int AS matched
      ${readFacets(request.facets)}`,
  )
  return {
    rows: row?.page ?? [],
    cards: row?.cards ?? 0,
    matched: row?.matched ?? 0,
    facets: request.facets.map((field) => ({ field, values: row?.[`facet_${field}`] ?? [] })),
  }
}

/** How many rows a walk may pass in one request; a page may be shorter, and its cursor goes on from there. */
const longestWalk = 20_000

/**
 * Reads a page in the order of an index, for matches too many to sort. Passes a bounded number of rows; `resume` is
 * where it stopped, absent at the end of the listing.
 */
export async function walkPage(
  tx: Db,
  corpus: Corpus,
  request: PageRequest,
): Promise<{ rows: PageRow[]; cards: number; resume?: { key: string; id: number } }> {
  const { sort } = request
  await planBy(tx, 'index')
  const direction = sql.raw(sort.descending ? 'DESC' : 'ASC')
  const table = sql.raw(`catalog.${corpus.name}`)
  const ordered = sql`FROM ${table} d WHERE d.visible AND ${after(sort, request.after, 'd')}
    ORDER BY ${sort.key('d')} ${direction}, d.id ${direction}`
  const found = await rows<{ id: number; uri: string; group: number; key: string }>(
    tx,
    sql`
    SELECT d.id, d.uri, ${corpus.group('d')} AS "group", d.walked::text AS key
    FROM (SELECT d.*, ${sort.key('d')} AS walked ${ordered} LIMIT ${int(longestWalk)}) AS d
    WHERE ${request.matches('d')} AND ${firstOfItsGroup(corpus, request)}
    ORDER BY d.walked ${direction}, d.id ${direction} LIMIT ${int(request.limit)}`,
  )
  if (found.length >= request.limit) return { rows: found, cards: found.length }
  const [stop] = await rows<{ id: number; key: string }>(
    tx,
    sql`SELECT d.id, ${sort.key('d')}::text AS key ${ordered} OFFSET ${int(longestWalk - 1)} LIMIT 1`,
  )
  return { rows: found, cards: found.length, ...(stop && { resume: stop }) }
}

/** Datasets of one group: only the member that comes first in this order among those that match is shown. */
function firstOfItsGroup(corpus: Corpus, { sort, matches }: PageRequest): SQL {
  if (corpus.name === 'torrent') return sql`true`
  const before = sql.raw(sort.descending ? '>' : '<')
  return sql`NOT EXISTS (
    SELECT FROM ${sql.raw(`catalog.${corpus.name}`)} o
    WHERE o.group_id = d.group_id AND o.id <> d.id AND o.visible
      AND (${sort.key('o')}, o.id) ${before} (${sort.key('d')}, d.id) AND ${matches('o')})`
}

function after(sort: Sort, position: PageRequest['after'], alias?: 'd'): SQL {
  if (!position) return sql`true`
  const key = alias ? sort.key(alias) : sql`best.key`
  const id = alias ? sql`d.id` : sql`id`
  const beyond = sql.raw(sort.descending ? '<' : '>')
  return and([
    sql`(${key}, ${id}) ${beyond} (${storable(position.key)}::${sql.raw(sort.type)}, ${int(position.id)})`,
  ])
}
