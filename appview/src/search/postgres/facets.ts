import { type SQL, sql } from 'drizzle-orm'
import { type Alias, column } from '../../search-terms/row-terms.ts'
import type { Corpus, datasetFacets, torrentFacets } from '../plan/corpora.ts'
import type { Facet } from '../plan/engine.ts'
import { hasWebseed } from './compile.ts'

/** The most values of one facet that an answer has. */
const mostValues = 30

export type FacetRow = Record<`facet_${string}`, Facet['values'] | null>

type Values<Field extends string> = Readonly<Record<Field, (alias: Alias) => SQL>>

const ofDatasets: Values<(typeof datasetFacets)[number]> = {
  keyword: (alias) => sql`SELECT unnest(${column(alias, 'keywords')})`,
  publisher: (alias) => oneOf(alias, 'publisher'),
  license: (alias) => oneOf(alias, 'license'),
  risk: (alias) => sql`SELECT unnest(${column(alias, 'risks')})`,
  scarcity: (alias) => sql`SELECT unnest(${column(alias, 'scarcities')})`,
  format: (alias) => sql`SELECT unnest(${column(alias, 'formats')})`,
  author: (alias) => oneOf(alias, 'did'),
  hasTorrent: (alias) => sql`SELECT (${column(alias, 'torrent_count')} > 0)::text`,
}

const ofTorrents: Values<(typeof torrentFacets)[number]> = {
  author: (alias) => sql`SELECT ${column(alias, 'did')}`,
  format: (alias) => sql`SELECT unnest(${column(alias, 'formats')})`,
  metainfoStatus: (alias) => sql`SELECT ${column(alias, 'metainfo_status')}`,
  hasWebseed: (alias) => sql`SELECT (${hasWebseed(alias)})::text`,
}

/** The values of each facet that a row counts for, as a query that returns text. */
const valuesOf: Readonly<Record<Corpus['name'], Values<string>>> = {
  dataset: ofDatasets,
  torrent: ofTorrents,
}

function oneOf(alias: Alias, name: string): SQL {
  return sql`SELECT ${column(alias, name)} WHERE ${column(alias, name)} IS NOT NULL`
}

/** Columns with a row's values for each facet, as text arrays. */
export function facetColumns(corpus: Corpus, fields: readonly string[]): SQL {
  return sql.join(
    fields.map(
      (field) => sql`, ARRAY(${valuesOf[corpus.name][field]!('d')}) AS ${sql.raw(`"values_${field}"`)}`,
    ),
    sql``,
  )
}

/** Columns with each facet's most common values among the candidates, and the number of cards that have each. */
export function readFacets(fields: readonly string[], rate = 1): SQL {
  return sql.join(
    fields.map(
      (
        field,
      ) => sql`, (SELECT jsonb_agg(jsonb_build_object('value', value, 'count', n) ORDER BY n DESC, value) FROM (
        SELECT value, (count(*) * ${sql.raw(String(rate))})::int AS n
        FROM (SELECT DISTINCT card, value FROM candidate CROSS JOIN unnest(${sql.raw(`"values_${field}"`)}) AS value) AS distinct_values
        GROUP BY value ORDER BY n DESC, value LIMIT ${sql.raw(String(mostValues))}) AS counted) AS ${sql.raw(`"facet_${field}"`)}`,
    ),
    sql``,
  )
}
