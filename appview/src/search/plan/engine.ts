import type { TermStatistics } from '../../search-terms/term-statistics.ts'
import type { MatchMode } from './matching.ts'
import type { ParsedQuery } from './parsed-query.ts'
import type { SearchRequest } from './request.ts'

/**
 * What a search is put to: the store, or the index in memory. Both give the same cards in the same order. `Request` is what
 * the engine can be asked.
 */
export interface Engine<Request extends SearchRequest = SearchRequest> {
  /** What is known of these terms. */
  statistics(bases: readonly number[]): Promise<TermStatistics>
  /** One page in one way of matching. */
  answer(page: PageRequest<Request>): Promise<Answer>
  /** The words of these that no visible record has. */
  unknownOf(words: readonly string[], statistics: TermStatistics): Promise<string[]>
  /** The likeliest word meant by one that nobody uses, or undefined. */
  correct(word: string): Promise<string | undefined>
}

export interface PageRequest<Request extends SearchRequest = SearchRequest> {
  /** Filters, order and facets: the same in every spelling and every way of matching. */
  request: Request
  query: ParsedQuery
  mode: MatchMode
  /** Rows of the page, and one more that says whether there is another. */
  limit: number
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

/** `defs#facet` */
export interface Facet {
  field: string
  values: { value: string; label?: string; count: number }[]
  estimated?: boolean
}
