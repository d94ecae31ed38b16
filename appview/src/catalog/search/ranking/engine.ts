import type { SQL } from 'drizzle-orm'
import type { Sort } from '../corpora/corpus.ts'
import type { Facet } from '../search-results.ts'
import type { Alias } from '../terms/row-terms.ts'
import type { TermStatistics } from '../terms/statistics.ts'
import type { MatchMode } from './matching.ts'
import type { Asked } from './needs.ts'
import type { SearchPosition } from './search-cursor.ts'

/** What a search is put to: the store, or the index in memory. Both give the same cards in the same order. */
export interface Engine {
  /** What is known of these terms. */
  statistics(bases: readonly number[]): Promise<TermStatistics>
  /** One page in one way of matching. */
  answer(wanted: Wanted): Promise<Answer>
  /** The words of these that no visible record has. */
  unknownOf(words: readonly string[], statistics: TermStatistics): Promise<string[]>
  /** The likeliest word meant by one that nobody uses, or undefined. */
  correct(word: string): Promise<string | undefined>
}

export interface Wanted {
  asked: Asked
  mode: MatchMode
  /** All that a row must meet. */
  matches: (alias: Alias) => SQL
  sort: Sort
  /** Of the corpus, or `relevance`. */
  sortName: string
  after: SearchPosition | undefined
  /** Rows of the page, and one more that says whether there is another. */
  limit: number
  facets: readonly string[]
  statistics: TermStatistics
}

export interface Answer {
  rows: PageRow[]
  /** Where to go on if the page is shorter than asked for and the listing is not at its end. */
  resume?: { key: string; id: number }
  hitsTotal: number
  hitsEstimated: boolean
  facets?: Facet[]
}

export interface PageRow {
  id: number
  uri: string
  group: number
  /** PostgreSQL's text of what it is sorted by. */
  key: string
}
