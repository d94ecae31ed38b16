/** Parameters that both searches have, as conditions and as errors a caller can act on. */
import { type SQL, sql } from 'drizzle-orm'
import type { Db } from '../../sql.ts'
import { resolveAccount } from '../../views/accounts.ts'
import type { Clause } from '../query/query.ts'
import type { SearchRequest } from '../ranking/search.ts'
import { SearchError } from '../search-error.ts'
import type { Alias } from '../terms/row-terms.ts'
import type { Corpus } from './corpus.ts'

/** The order, the facets and the length of a page. @throws SearchError InvalidQuery for an order there is not */
export function pageOf(
  { sorts, facets }: Corpus,
  asked: {
    sort?: string | undefined
    facets?: readonly string[] | undefined
    limit?: number | undefined
    cursor?: string | undefined
  },
): Pick<SearchRequest, 'sort' | 'facets' | 'limit' | 'cursor'> {
  const { sort = 'relevance', limit = 25, cursor } = asked
  if (sort !== 'relevance' && !Object.hasOwn(sorts, sort))
    throw new SearchError('InvalidQuery', `sort is one of relevance, ${Object.keys(sorts).join(', ')}.`)
  return {
    sort,
    facets: [...new Set(asked.facets ?? [])].filter((field) => Object.hasOwn(facets, field)),
    limit: Math.min(Math.max(limit, 1), 100),
    cursor,
  }
}

/** A condition on a column, from whichever ends are given; both ends belong to the range. */
export function between(
  column: string,
  min: number | undefined,
  max: number | undefined,
): ((alias: Alias) => SQL)[] {
  for (const bound of [min, max]) {
    if (bound !== undefined && !Number.isSafeInteger(bound))
      throw new SearchError('InvalidQuery', `${column} is compared with a whole number, not ${bound}.`)
  }
  return [
    ...(min === undefined ? [] : [(alias: Alias) => sql`${sql.raw(`${alias}.${column}`)} >= ${min}::bigint`]),
    ...(max === undefined ? [] : [(alias: Alias) => sql`${sql.raw(`${alias}.${column}`)} <= ${max}::bigint`]),
  ]
}

/** A condition on an instant: from `after` on, and before `before`. ISO 8601. */
export function during(
  column: string,
  after: string | undefined,
  before: string | undefined,
): ((alias: Alias) => SQL)[] {
  const from = instantOf(after)
  const to = instantOf(before)
  return [
    ...(from === undefined
      ? []
      : [(alias: Alias) => sql`${sql.raw(`${alias}.${column}`)} >= ${from}::timestamptz`]),
    ...(to === undefined
      ? []
      : [(alias: Alias) => sql`${sql.raw(`${alias}.${column}`)} < ${to}::timestamptz`]),
  ]
}

/** An instant as PostgreSQL reads it. @throws SearchError InvalidQuery */
export function instantOf(text: string | undefined): string | undefined {
  if (text === undefined) return undefined
  const time = Date.parse(text)
  if (Number.isNaN(time))
    throw new SearchError(
      'InvalidQuery',
      `${JSON.stringify(text.slice(0, 40))} is no instant. Write it like 2026-01-31T00:00:00Z.`,
    )
  // Beyond four-digit years both sides agree that everything is after, or before, it.
  return new Date(
    Math.min(Math.max(time, Date.parse('0001-01-01T00:00:00Z')), Date.parse('9999-12-31T23:59:59Z')),
  ).toISOString()
}

/** The DIDs of accounts named by DID or handle. @throws SearchError AuthorNotFound */
export async function resolveAuthors(db: Db, names: readonly string[]): Promise<string[]> {
  return Promise.all(
    names.map(async (name) => {
      const did = await resolveAccount(db, name.replace(/^@/, ''))
      if (!did)
        throw new SearchError(
          'AuthorNotFound',
          `No account is known by the handle ${JSON.stringify(name.slice(0, 80))}. Use its DID.`,
        )
      return did
    }),
  )
}

/** `author:` with a handle or DID names an account; with anything else, people by their names. */
export async function resolveAuthorClauses(db: Db, clauses: readonly Clause[]): Promise<Clause[]> {
  return Promise.all(
    clauses.map(async (clause): Promise<Clause> => {
      if (clause.field !== 'author') return clause
      if (!clause.value.startsWith('did:') && !clause.value.includes('.'))
        return { ...clause, field: 'people' }
      return { ...clause, value: (await resolveAccount(db, clause.value.replace(/^@/, ''))) ?? clause.value }
    }),
  )
}

/** `has:torrent` and `has:seeders`. @throws SearchError InvalidQuery for anything else it may have */
export function hasConditions(
  clauses: readonly Clause[],
  known: Readonly<Record<string, (alias: Alias) => SQL>>,
): ((alias: Alias) => SQL)[] {
  return clauses
    .filter((clause) => clause.field === 'has')
    .map((clause) => {
      const name = clause.value.replace(/s$/, '')
      const condition = Object.hasOwn(known, name) ? known[name] : undefined
      if (!condition)
        throw new SearchError(
          'InvalidQuery',
          `has: takes ${Object.keys(known).join(' or ')}, not ${JSON.stringify(clause.value.slice(0, 40))}.`,
        )
      return clause.excluded ? (alias: Alias) => sql`NOT ${condition(alias)}` : condition
    })
}

/** Names a listing: a cursor of one search is refused by another. Not a secret, so any even hash will do. */
export function identityOf(method: string, parameters: object): string {
  const text = JSON.stringify(parameters, Object.keys(parameters).sort())
  let hash = 5381n
  for (let i = 0; i < text.length; i++)
    hash = BigInt.asUintN(64, (hash * 1099511628211n) ^ BigInt(text.charCodeAt(i)))
  return `${method} ${hash.toString(36)}`
}
