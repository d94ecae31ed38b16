import { type SQL, sql } from 'drizzle-orm'
import { type PgDatabase, PgDialect, type PgQueryResultHKT } from 'drizzle-orm/pg-core'
import type { StatementClient } from './connection.ts'

/** Either driver's database, or a transaction on it. */
export type Db = PgDatabase<PgQueryResultHKT, Record<string, never>>

/** Runs a raw query and returns its rows, whichever driver answers. */
export async function rows<Row extends Record<string, unknown>>(db: Db, query: SQL): Promise<Row[]> {
  const result = (await db.execute(query)) as unknown as Row[] | { rows: Row[] }
  return Array.isArray(result) ? result : result.rows
}

/**
 * Runs a raw query whose text never changes, which PostgreSQL then plans only once for each connection: the queries of
 * pages take longer to plan than to run.
 */
export async function preparedRows<Row extends Record<string, unknown>>(db: Db, query: SQL): Promise<Row[]> {
  const { $client: client } = db as { $client?: unknown }
  if (!isPostgresClient(client)) return rows<Row>(db, query)
  const { text, parameters } = statementOf(query)
  return (await client.unsafe(text, parameters, { prepare: true })) as Row[]
}

/** A query as it is sent to a driver: its text, and its parameters in order. */
export function statementOf(query: SQL): { text: string; parameters: unknown[] } {
  const { sql: text, params: parameters } = dialect.sqlToQuery(query)
  return { text, parameters }
}

const dialect = new PgDialect()

/** Whether `client` can prepare statements: PGlite cannot, and a transaction uses its own client. */
function isPostgresClient(client: unknown): client is StatementClient {
  return typeof (client as { unsafe?: unknown } | undefined)?.unsafe === 'function'
}

/**
 * Passes any number of rows as one JSON parameter: `FROM ${recordset(values, 'uri text, cid text')}`.
 * One parameter keeps the statement's text constant and is far below the limit of 65,535 parameters.
 */
export function recordset(values: readonly object[], columns: string): SQL {
  return sql`jsonb_to_recordset(${toJson(values)}::text::jsonb) AS input(${sql.raw(columns)})`
}

/** `ANY` of any number of texts as one parameter, for the right side of `=`. */
export function anyOf(values: readonly string[]): SQL {
  return sql`ANY (${textArray(values)})`
}

/** Passes any number of texts as one parameter, a `text[]`. */
export function textArray(values: readonly string[]): SQL {
  return sql`ARRAY(SELECT jsonb_array_elements_text(${toJson(values)}::text::jsonb))`
}

/** `ANY` of any number of ids as one parameter, for the right side of `=`. */
export function anyIdOf(values: readonly number[]): SQL {
  return sql`ANY (${idArray(values)})`
}

/** Passes any number of ids as one parameter, a `bigint[]`. */
export function idArray(values: readonly number[]): SQL {
  return sql`ARRAY(SELECT jsonb_array_elements_text(${JSON.stringify(values)}::text::jsonb)::bigint)`
}

/**
 * PostgreSQL's text and jsonb can store neither U+0000 nor a lone surrogate; a record may contain both, written as escapes
 * in its JSON. Checking every string takes ten times as long as writing it, so only JSON with such an escape is checked.
 */
function toJson(value: unknown): string {
  const json = JSON.stringify(value)
  if (!/\\u(?:0000|d[89a-f])/.test(json)) return json
  return JSON.stringify(value, (_, part) => (typeof part === 'string' ? storable(part) : part))
}

/** Makes a string that PostgreSQL can store: NUL and lone surrogates become U+FFFD. */
export function storable(text: string): string {
  const wellFormed = text.toWellFormed()
  return wellFormed.includes('\0') ? wellFormed.replaceAll('\0', '\uFFFD') : wellFormed
}

/** Turns PostgreSQL's text of a `timestamptz` (`2026-01-02 03:04:05.6+00`) into an ISO 8601 instant. */
export function toInstant(value: string): string {
  return new Date(value).toISOString()
}
