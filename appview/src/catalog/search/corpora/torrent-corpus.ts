import { type SQL, sql } from 'drizzle-orm'
import { stopWords } from '../query/words.ts'
import { baseOf } from '../terms/codes.ts'
import { pairTerm } from '../terms/impacts.ts'
import { type Alias, column, hasCode } from '../terms/row-terms.ts'
import type { Corpus, Sort } from './corpus.ts'
import { sharedSorts } from './sorts.ts'

/** The orders beside relevance, by the name the lexicon gives them. */
const sorts = {
  ...sharedSorts,
  'most-seeders': {
    key: (alias) => sql`coalesce(${column(alias, 'seeders')}, -1)`,
    type: 'bigint',
    descending: true,
  },
} satisfies Record<string, Sort>

/** Torrents as they are searched. */
export const torrentCorpus: Corpus = {
  name: 'torrent',
  group: (alias) => column(alias, 'id'),
  // Neighbours are indexed as pairs, and a torrent's words are many: a longer phrase is checked pair by pair.
  phraseStands: (clause, alias) => {
    const stems = clause.stems.filter((_, i) => !stopWords.has(clause.words[i]!))
    const pairs = stems.slice(1).map((stem, i) => hasCode(alias, baseOf(pairTerm(stems[i]!, stem))))
    return pairs.length === 0 ? sql`true` : sql`(${sql.join(pairs, sql` AND `)})`
  },
  boost: (alias) => sql`(coalesce(${column(alias, 'seeders')}, 0) > 0)::int * 5`,
  sorts,
  facets: {
    author: (alias) => sql`SELECT ${column(alias, 'did')}`,
    format: (alias) => sql`SELECT unnest(${column(alias, 'formats')})`,
    metainfoStatus: (alias) => sql`SELECT ${column(alias, 'metainfo_status')}`,
    hasWebSeed: (alias) => sql`SELECT (${hasWebSeed(alias)})::text`,
  },
}

/** Whether a webseed is named by the record itself, or by anybody afterwards. */
export function hasWebSeed(alias: Alias): SQL {
  return sql`(${column(alias, 'names_web_seeds')}
    OR EXISTS (SELECT FROM catalog.webseed w WHERE w.visible AND w.info_hash_v1 = ${column(alias, 'info_hash_v1')})
    OR EXISTS (SELECT FROM catalog.webseed w WHERE w.visible AND w.info_hash_v2 = ${column(alias, 'info_hash_v2')}))`
}
