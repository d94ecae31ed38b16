import type { Clause } from '../query/query.ts'
import type { Condition, Filter, RequiredTerm } from './conditions.ts'
import type { MatchMode } from './matching.ts'
import { basesOf, phrasesOf } from './parsed-query.ts'
import type { Sort } from './sorts.ts'

/** A search as data, which both engines read. */
export interface SearchRequest {
  clauses: readonly Clause[]
  /** Terms that results have besides those of the clauses. */
  required: readonly RequiredTerm[]
  /** What clauses exclude, and the parameters that no index can look up. */
  filters: readonly Filter[]
  sort: Sort
  facets: readonly string[]
  limit: number
  /** Where the previous page ended. */
  after?: SearchPosition | undefined
}

/**
 * Every condition of a request. A corrected spelling may change the words of a phrase, but adds no other kind of
 * condition.
 */
export function conditionsOf({ clauses, required, filters }: SearchRequest): Condition[] {
  return [...phrasesOf(clauses), ...required, ...filters]
}

/** The codes of all terms of a request whose statistics are needed. */
export function basesOfRequest({ clauses, required }: Pick<SearchRequest, 'clauses' | 'required'>): number[] {
  return [...basesOf(clauses), ...required.flatMap((term) => (term.kind === 'any-term' ? term.bases : []))]
}

/**
 * Where a page of a search ended. It contains everything that the order depends on (the mode, the weights of the words and
 * the spelling), so that the next page continues it even if words were counted again in between.
 */
export interface SearchPosition {
  mode: MatchMode
  /** The spelling that was searched, for `respell`; empty for the query as typed. */
  spelling: string
  weights: readonly number[]
  key: string
  id: number
  cards: number
  estimated: boolean
}
