import { drizzle } from 'drizzle-orm/postgres-js'
import postgres, { type Sql } from 'postgres'
import type { Db } from '../sql.ts'
import { rollBackOnlyWhereOneCan } from './lost-connection.ts'

/** Connections to PostgreSQL, made when they are first needed. */
export function connectPostgres(url: string, options: { poolSize: number }): { client: Sql; db: Db } {
  const client = postgres(url, {
    max: options.poolSize,
    connect_timeout: 10,
    // Arrays come as JSON. The driver would ask for their types where nobody hears of a connection that breaks.
    fetch_types: false,
    onnotice: () => {},
    // Ids, sizes and sequences stay far below 2^53: plain numbers, as PGlite gives them.
    types: { bigint: { to: 20, from: [20], parse: Number, serialize: String } },
    connection: { application_name: 'holdfast', TimeZone: 'UTC' },
  }) as unknown as Sql
  rollBackOnlyWhereOneCan(client)
  return { client, db: drizzle(client) as unknown as Db }
}
