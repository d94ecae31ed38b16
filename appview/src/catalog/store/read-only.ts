import type { SQL } from 'drizzle-orm'
import type { ParameterOrJSON, ReservedSql, Sql } from 'postgres'
import { type Db, statementOf } from '../sql.ts'

/**
 * Runs reads in one read-only transaction. A search is a matter of a millisecond or two, and a round trip of half of
 * one: BEGIN goes out together with the first read, and the answer does not wait for the end of a transaction that
 * changed nothing.
 */
export async function readOnly<T>(db: Db, read: (tx: Db) => Promise<T>): Promise<T> {
  const { $client: client } = db as { $client?: Partial<Sql> }
  if (typeof client?.reserve !== 'function')
    return db.transaction((tx) => read(tx as Db), { accessMode: 'read only' })
  const connection = await client.reserve()
  // If it cannot be had, the first read says so.
  connection.unsafe('BEGIN READ ONLY').catch(() => {})
  try {
    return await read(readerOf(connection))
  } finally {
    // A connection that broke is no longer ours to give back. After an error COMMIT is taken for ROLLBACK.
    connection.unsafe('COMMIT').then(
      () => connection.release(),
      () => {},
    )
  }
}

/** What reads need of a database: `execute`, and the client that `preparedRows` asks. */
function readerOf(connection: ReservedSql): Db {
  const execute = (query: SQL) => {
    const { text, parameters } = statementOf(query)
    return connection.unsafe(text, parameters as ParameterOrJSON<never>[])
  }
  return { execute, $client: connection } as unknown as Db
}
