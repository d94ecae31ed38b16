import { type SQL, sql } from 'drizzle-orm'
import { storable } from '../../sql.ts'
import { type Alias, column } from '../terms/row-terms.ts'
import type { Corpus, Sort } from './corpus.ts'
import { sharedSorts } from './sorts.ts'

const facets = {
  keyword: (alias) => sql`SELECT unnest(${column(alias, 'keywords')})`,
  publisher: (alias) => oneOf(alias, 'publisher'),
  license: (alias) => oneOf(alias, 'license'),
  risk: (alias) => sql`SELECT unnest(${column(alias, 'risks')})`,
  scarcity: (alias) => sql`SELECT unnest(${column(alias, 'scarcities')})`,
  format: (alias) => sql`SELECT unnest(${column(alias, 'formats')})`,
  author: (alias) => oneOf(alias, 'did'),
  hasTorrent: (alias) => sql`SELECT (${column(alias, 'torrent_count')} > 0)::text`,
} satisfies Corpus['facets']

/** The orders beside relevance, by the name the lexicon gives them. */
const sorts = {
  ...sharedSorts,
  'risk-deadline': {
    key: (alias) => sql`coalesce(${column(alias, 'deadline')}, 'infinity')`,
    type: 'date',
    descending: false,
  },
} satisfies Record<string, Sort>

/** Datasets as they are searched. */
export const datasetCorpus: Corpus = {
  name: 'dataset',
  group: (alias) => column(alias, 'group_id'),
  phraseStands: (clause, alias) => sql`EXISTS (SELECT FROM catalog.dataset_phrases p
    WHERE p.dataset_id = ${column(alias, 'id')} AND strpos(p.phrases, ${storable(` ${clause.stems.join(' ')} `)}) > 0)`,
  // Modest: 3 % for having a torrent, 2 % more for somebody seeding it.
  boost: (alias) =>
    sql`(${column(alias, 'torrent_count')} > 0)::int * 3 + (coalesce(${column(alias, 'seeders')}, 0) > 0)::int * 2`,
  sorts,
  facets,
}

function oneOf(alias: Alias, name: string): SQL {
  return sql`SELECT ${column(alias, name)} WHERE ${column(alias, name)} IS NOT NULL`
}
