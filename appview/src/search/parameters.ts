/** Turns the parameters that searches of datasets and of torrents share into conditions, or errors for the caller. */
import type { AtLeastOne, Filter, Period } from './plan/conditions.ts'
import type { Corpus } from './plan/corpora.ts'
import type { SearchRequest } from './plan/request.ts'
import { byRelevance, type Sort } from './plan/sorts.ts'
import type { Clause } from './query/query.ts'
import { SearchError } from './query/search-error.ts'
import { readPosition } from './search-cursor.ts'

/** The parameters that every listing has. */
export interface ListingParameters {
  sort?: string | undefined
  facets?: readonly string[] | undefined
  limit?: number | undefined
  cursor?: string | undefined
}

/**
 * Reads the order, the facets, the length and the start of a page. `identity` names the listing; the cursor of another
 * listing is refused.
 *
 * @throws SearchError InvalidQuery for an unknown order; InvalidCursor
 */
export function pageOf(
  corpus: Pick<Corpus, 'sorts' | 'facets'>,
  parameters: ListingParameters,
  { clauses, identity }: { clauses: readonly Clause[]; identity: string },
): Pick<SearchRequest, 'sort' | 'facets' | 'limit' | 'after'> {
  const { facets = [], limit = 25, cursor } = parameters
  const sort = sortOf(corpus.sorts, parameters.sort, clauses)
  return {
    sort,
    facets: [...new Set(facets)].filter((field) => corpus.facets.includes(field)),
    limit: Math.min(Math.max(limit, 1), 100),
    after: cursor === undefined ? undefined : readPosition(identity, cursor, sort),
  }
}

/** A search without words has no relevance to sort by, so the newest come first. */
function sortOf(sorts: Corpus['sorts'], name = 'relevance', clauses: readonly Clause[]): Sort {
  if (name !== 'relevance' && !Object.hasOwn(sorts, name))
    throw new SearchError('InvalidQuery', `sort is one of relevance, ${Object.keys(sorts).join(', ')}.`)
  const isRanked = clauses.some((clause) => !clause.excluded && clause.field === 'text')
  return sorts[name === 'relevance' && !isRanked ? 'newest' : name] ?? byRelevance
}

/** A condition that a number lies within the bounds that are given, both included. */
export function between(
  column: Extract<Filter, { kind: 'range' }>['column'],
  min: number | undefined,
  max: number | undefined,
): Filter[] {
  for (const bound of [min, max]) {
    if (bound !== undefined && !Number.isSafeInteger(bound))
      throw new SearchError(
        'InvalidQuery',
        `${toldNames[column]} is compared with a whole number, not ${bound}.`,
      )
  }
  return min === undefined && max === undefined ? [] : [{ kind: 'range', column, min, max }]
}

const toldNames = { seeders: 'seeders', size: 'size_bytes' } as const

/** A condition that an instant (ISO 8601) is not before `after`, and before `before`. @throws SearchError InvalidQuery */
export function during(
  kind: 'created' | 'indexed',
  after: string | undefined,
  before: string | undefined,
): Filter[] {
  const period: Period = { from: instantOf(after), before: instantOf(before) }
  return period.from === undefined && period.before === undefined ? [] : [{ kind, ...period }]
}

/** Normalizes an instant to UTC with a year of four digits. @throws SearchError InvalidQuery */
export function instantOf(text: string | undefined): string | undefined {
  if (text === undefined) return undefined
  const time = Date.parse(text)
  if (Number.isNaN(time))
    throw new SearchError(
      'InvalidQuery',
      `${JSON.stringify(text.slice(0, 40))} is no instant. Write it like 2026-01-31T00:00:00Z.`,
    )
  // No record has a date outside of these years, so an earlier or later bound selects the same records.
  return new Date(
    Math.min(Math.max(time, Date.parse('0001-01-01T00:00:00Z')), Date.parse('9999-12-31T23:59:59Z')),
  ).toISOString()
}

/** The filter for each word that may follow `has:`, by its singular. */
export type HasFilters = Readonly<Record<string, (is: boolean) => Filter>>

export function atLeastOne(column: AtLeastOne['column']): (is: boolean) => Filter {
  return (is) => ({ kind: 'at-least-one', column, is })
}

/**
 * The filters of `has:` clauses, such as `has:torrent`. @throws SearchError InvalidQuery for a word that is not in
 * `known`
 */
export function hasFilters(clauses: readonly Clause[], known: HasFilters): Filter[] {
  return clauses
    .filter((clause) => clause.field === 'has')
    .map((clause) => {
      const name = clause.value.replace(/s$/, '')
      const filter = Object.hasOwn(known, name) ? known[name] : undefined
      if (!filter)
        throw new SearchError(
          'InvalidQuery',
          `has: takes ${Object.keys(known).join(' or ')}, not ${JSON.stringify(clause.value.slice(0, 40))}.`,
        )
      return filter(!clause.excluded)
    })
}

/** A name for a listing, made of its parameters, so that the cursor of one search is refused by another. */
export function identityOf(method: string, parameters: object): string {
  const text = JSON.stringify(parameters, Object.keys(parameters).sort())
  let hash = 5381n
  for (let i = 0; i < text.length; i++)
    hash = BigInt.asUintN(64, (hash * 1099511628211n) ^ BigInt(text.charCodeAt(i)))
  return `${method} ${hash.toString(36)}`
}
