/** Parameters that both searches have, as conditions and as errors a caller can act on. */
import { type SQL, sql } from 'drizzle-orm'
import type { Db } from '../../sql.ts'
import { resolveAccount } from '../../views/accounts.ts'
import type { Clause } from '../query/query.ts'
import type { Check, RowTest } from '../ranking/needs.ts'
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

type KeptColumn = Extract<RowTest, { kind: 'range' }>['column']

/** Columns that are compared, and under which name the index in memory keeps them. */
const keptColumns: Readonly<Record<string, KeptColumn>> = {
  seeders: 'seeders',
  size_bytes: 'size',
  created_at: 'created',
}

/** A condition on a column, from whichever ends are given; both ends belong to the range. */
export function between(column: string, min: number | undefined, max: number | undefined): Check[] {
  for (const bound of [min, max]) {
    if (bound !== undefined && !Number.isSafeInteger(bound))
      throw new SearchError('InvalidQuery', `${column} is compared with a whole number, not ${bound}.`)
  }
  // What is unknown is in no range.
  const known = { min: Math.max(min ?? 0, 0), max: max ?? Infinity }
  return [
    ...(min === undefined ? [] : [compared(column, sql`>= ${min}::bigint`, known)]),
    ...(max === undefined ? [] : [compared(column, sql`<= ${max}::bigint`, known)]),
  ]
}

/** A condition on an instant: from `after` on, and before `before`. ISO 8601. */
export function during(column: string, after: string | undefined, before: string | undefined): Check[] {
  const from = instantOf(after)
  const to = instantOf(before)
  return [
    ...(from === undefined
      ? []
      : [compared(column, sql`>= ${from}::timestamptz`, { min: Date.parse(from) * 1_000, max: Infinity })]),
    ...(to === undefined
      ? []
      : [compared(column, sql`< ${to}::timestamptz`, { min: -Infinity, max: Date.parse(to) * 1_000 - 1 })]),
  ]
}

function compared(column: string, comparison: SQL, range: { min: number; max: number }): Check {
  const kept = keptColumns[column]
  return {
    holds: (alias) => sql`${sql.raw(`${alias}.${column}`)} ${comparison}`,
    ...(kept && { test: { kind: 'range', column: kept, ...range } }),
  }
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

/** What a row may have: as a condition and as its opposite. */
export interface Having {
  has: Check
  hasNot: Check
}

/** A condition and its opposite, of a count that the index in memory keeps. */
export function atLeastOne(column: string, kept: KeptColumn): Having {
  const holds = (alias: Alias) => sql`coalesce(${sql.raw(`${alias}.${column}`)}, 0) > 0`
  return {
    has: { holds, test: { kind: 'range', column: kept, min: 1, max: Infinity } },
    hasNot: {
      holds: (alias) => sql`NOT ${holds(alias)}`,
      test: { kind: 'range', column: kept, min: -Infinity, max: 0 },
    },
  }
}

/** `has:torrent` and `has:seeders`. @throws SearchError InvalidQuery for anything else it may have */
export function hasConditions(clauses: readonly Clause[], known: Readonly<Record<string, Having>>): Check[] {
  return clauses
    .filter((clause) => clause.field === 'has')
    .map((clause) => {
      const name = clause.value.replace(/s$/, '')
      const having = Object.hasOwn(known, name) ? known[name] : undefined
      if (!having)
        throw new SearchError(
          'InvalidQuery',
          `has: takes ${Object.keys(known).join(' or ')}, not ${JSON.stringify(clause.value.slice(0, 40))}.`,
        )
      return clause.excluded ? having.hasNot : having.has
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
