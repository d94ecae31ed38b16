import type { SQL } from 'drizzle-orm'
import type { PostgresClient, ReadingClient } from './connect-postgres.ts'
import { type Db, statementOf } from './sql.ts'

/**
 * Runs reads in one read-only transaction. A search takes a millisecond or two and a round trip half of one, so BEGIN is
 * sent together with the first read, and the answer does not wait for the end of a transaction that changed nothing.
 */
export async function readOnly<T>(db: Db, read: (tx: Db) => Promise<T>): Promise<T> {
  const { $client: client } = db as { $client?: Partial<PostgresClient> }
  if (typeof client?.reserve !== 'function')
    return db.transaction((tx) => read(tx as Db), { accessMode: 'read only' })
  const connection = await client.reserve()
  try {
    return await read(readerOf(connection))
  } catch (error) {
    if (!connection.isReplica || client.turnsToPrimary?.(error) !== true) throw error
  } finally {
    connection.release()
  }
  return readOnly(db, read)
}

/** Makes the part of a database that reads use: `execute`, and the client for `preparedRows`. */
function readerOf(connection: ReadingClient): Db {
  const execute = (query: SQL) => {
    const { text, parameters } = statementOf(query)
    return connection.unsafe(text, parameters)
  }
  return { execute, $client: connection } as unknown as Db
}
