import type { Clause } from '../query/query.ts'
import type { Condition, Filter, RequiredTerm } from './conditions.ts'
import type { MatchMode } from './matching.ts'
import { basesOf, phrasesOf } from './parsed-query.ts'
import type { Sort } from './sorts.ts'

/** What is searched for: data that either engine reads. */
export interface SearchRequest {
  clauses: readonly Clause[]
  /** What results have besides what the clauses say. */
  required: readonly RequiredTerm[]
  /** What results meet: what clauses exclude, and all parameters that no index looks up. */
  filters: readonly Filter[]
  sort: Sort
  facets: readonly string[]
  limit: number
  /** Where the page before this one ended. */
  after?: SearchPosition | undefined
}

/** Every condition of a request. A spelling may change the words of a phrase; it brings no condition of another kind. */
export function conditionsOf({ clauses, required, filters }: SearchRequest): Condition[] {
  return [...phrasesOf(clauses), ...required, ...filters]
}

/** Every term of a request whose statistics are needed. */
export function basesOfRequest({ clauses, required }: Pick<SearchRequest, 'clauses' | 'required'>): number[] {
  return [...basesOf(clauses), ...required.flatMap((term) => (term.kind === 'any-term' ? term.bases : []))]
}

/**
 * Where a page of a search ended. It holds all that the order depends on, so that the next page goes on in it even
 * though words were counted anew in between: how words matched, their weights, and the spelling that was searched.
 */
export interface SearchPosition {
  mode: MatchMode
  /** What was searched instead of the query as typed, as `respell` reads it; empty if that was searched. */
  spelling: string
  weights: readonly number[]
  key: string
  id: number
  cards: number
  estimated: boolean
}
