import { type SQL, sql } from 'drizzle-orm'
import { type PgDatabase, PgDialect, type PgQueryResultHKT } from 'drizzle-orm/pg-core'
import type { ParameterOrJSON, Sql } from 'postgres'

/** Either driver's database, or a transaction on it. */
export type Db = PgDatabase<PgQueryResultHKT, Record<string, never>>

/** Runs a raw query and returns its rows, whichever driver answers. */
export async function rows<Row extends Record<string, unknown>>(db: Db, query: SQL): Promise<Row[]> {
  const result = (await db.execute(query)) as unknown as Row[] | { rows: Row[] }
  return Array.isArray(result) ? result : result.rows
}

/**
 * The same for a query whose text never changes: PostgreSQL plans it once a connection. The views of a page take longer
 * to plan than to read.
 */
export async function preparedRows<Row extends Record<string, unknown>>(db: Db, query: SQL): Promise<Row[]> {
  const { $client: client } = db as { $client?: unknown }
  if (!isPostgresClient(client)) return rows<Row>(db, query)
  const { text, parameters } = statementOf(query)
  return (await client.unsafe(text, parameters as ParameterOrJSON<never>[], {
    prepare: true,
  })) as unknown as Row[]
}

/** As a driver is sent it. */
export function statementOf(query: SQL): { text: string; parameters: unknown[] } {
  const { sql: text, params: parameters } = dialect.sqlToQuery(query)
  return { text, parameters }
}

const dialect = new PgDialect()

/** PGlite has none, and a transaction keeps its own. */
function isPostgresClient(client: unknown): client is Sql {
  return typeof (client as { unsafe?: unknown } | undefined)?.unsafe === 'function'
}

/**
 * Passes any number of rows as one JSON parameter: `FROM ${recordset(values, 'uri text, cid text')}`.
 * One parameter keeps the statement's text constant and is far below the limit of 65,535 parameters.
 */
export function recordset(values: readonly object[], columns: string): SQL {
  return sql`jsonb_to_recordset(${toJson(values)}::text::jsonb) AS input(${sql.raw(columns)})`
}

/** `IN` over any number of texts as one parameter. */
export function anyOf(values: readonly string[]): SQL {
  return sql`ANY (ARRAY(SELECT jsonb_array_elements_text(${toJson(values)}::text::jsonb)))`
}

/** `IN` over any number of ids as one parameter. */
export function anyIdOf(values: readonly number[]): SQL {
  return sql`ANY (${idArray(values)})`
}

/** Any number of ids as one parameter, a `bigint[]`. */
export function idArray(values: readonly number[]): SQL {
  return sql`ARRAY(SELECT jsonb_array_elements_text(${JSON.stringify(values)}::text::jsonb)::bigint)`
}

/**
 * PostgreSQL's text and jsonb cannot hold U+0000, nor a lone surrogate; a record may hold both, written as escapes in
 * its JSON. Looking at every string takes ten times as long as writing it, so only what has such an escape is.
 */
function toJson(value: unknown): string {
  const json = JSON.stringify(value)
  if (!/\\u(?:0000|d[89a-f])/.test(json)) return json
  return JSON.stringify(value, (_, part) => (typeof part === 'string' ? storable(part) : part))
}

/** A string as PostgreSQL can hold it: NUL and lone surrogates become U+FFFD. */
export function storable(text: string): string {
  const wellFormed = text.toWellFormed()
  return wellFormed.includes('\0') ? wellFormed.replaceAll('\0', '\uFFFD') : wellFormed
}

/** PostgreSQL's text of a `timestamptz` (`2026-01-02 03:04:05.6+00`) as an ISO 8601 instant. */
export function toInstant(value: string): string {
  return new Date(value).toISOString()
}
