import type { TermStatistics } from '../../search-terms/term-statistics.ts'
import type { MatchMode } from './matching.ts'
import type { ParsedQuery } from './parsed-query.ts'
import type { SearchRequest } from './request.ts'

/**
 * What answers a search: the store, or the index in memory. Both return the same cards in the same order. `Request` is the
 * kind of request that the engine supports.
 */
export interface Engine<Request extends SearchRequest = SearchRequest> {
  /** Reads the statistics of these terms. */
  statistics(bases: readonly number[]): Promise<TermStatistics>
  /** Answers one page in one mode. */
  answer(page: PageRequest<Request>): Promise<Answer>
  /** Returns those of the words that no visible record has. */
  unknownOf(words: readonly string[], statistics: TermStatistics): Promise<string[]>
  /** Returns the likeliest correct spelling of a word that no record has, or undefined. */
  correct(word: string): Promise<string | undefined>
}

export interface PageRequest<Request extends SearchRequest = SearchRequest> {
  /** Filters, order and facets, which are the same in every spelling and mode. */
  request: Request
  query: ParsedQuery
  mode: MatchMode
  /** The length of the page plus one row, which says whether there is another page. */
  limit: number
  statistics: TermStatistics
}

export interface Answer {
  rows: PageRow[]
  /** Where the next page begins, if this one is shorter than asked for but the listing has not ended. */
  resume?: { key: string; id: number }
  hitsTotal: number
  hitsEstimated: boolean
  facets?: Facet[]
}

export interface PageRow {
  id: number
  uri: string
  group: number
  /** The value that it is sorted by, as PostgreSQL writes it. */
  key: string
}

/** A `defs#facet`. */
export interface Facet {
  field: string
  values: { value: string; label?: string; count: number }[]
  estimated?: boolean
}
