import { type SQL, sql } from 'drizzle-orm'
import type { Facet } from '../search-results.ts'
import type { Corpus } from './corpus.ts'

/** Values of one facet that are counted at most. */
const mostValues = 30

export type FacetRow = Record<`facet_${string}`, Facet['values'] | null>

/** The columns that the values of these facets are read from, as text arrays. */
export function facetColumns(corpus: Corpus, fields: readonly string[]): SQL {
  return sql.join(
    fields.map((field) => sql`, ARRAY(${corpus.facets[field]!('d')}) AS ${sql.raw(`"values_${field}"`)}`),
    sql``,
  )
}

/** For each facet its commonest values among the candidates, with the number of cards that have them. */
export function readFacets(fields: readonly string[], rate = 1): SQL {
  return sql.join(
    fields.map(
      (
        field,
      ) => sql`, (SELECT jsonb_agg(jsonb_build_object('value', value, 'count', n) ORDER BY n DESC, value) FROM (
        SELECT value, (count(*) * ${sql.raw(String(rate))})::int AS n
        FROM (SELECT DISTINCT card, value FROM candidate CROSS JOIN unnest(${sql.raw(`"values_${field}"`)}) AS value) AS held
        GROUP BY value ORDER BY n DESC, value LIMIT ${sql.raw(String(mostValues))}) AS counted) AS ${sql.raw(`"facet_${field}"`)}`,
    ),
    sql``,
  )
}
