import { drizzle } from 'drizzle-orm/postgres-js'
import type { Connection, StatementClient } from './connection.ts'
import { type ConnectionPool, createConnectionPool } from './connection-pool.ts'
import type { Db } from './sql.ts'

/** A connection in a read-only transaction; `release` ends the transaction without waiting for it. */
export type ReadingClient = StatementClient & { release(): void }

export interface PostgresClient extends StatementClient {
  /** Reserves a connection and sends BEGIN READ ONLY, without waiting, together with the first statement. */
  reserve(): Promise<ReadingClient>
  begin<T>(work: (transaction: TransactionClient) => Promise<T>): Promise<T>
  end(options: { timeout: number }): Promise<void>
}

interface TransactionClient extends StatementClient {
  savepoint<T>(work: (transaction: TransactionClient) => Promise<T>): Promise<T>
}

/** Connections to PostgreSQL, made when they are first needed. */
export function connectPostgres(
  url: string,
  options: { poolSize: number; maxAgeMs?: number },
): { client: PostgresClient; db: Db } {
  const codecs = { parsers: {}, serializers: {} }
  const { poolSize: size, ...rest } = options
  const pool = createConnectionPool(url, { size, codecs, ...rest })
  const client: PostgresClient = {
    unsafe: statements((statement) => onAny(pool, (connection) => connection.run(statement))),
    reserve: () => reserve(pool),
    begin: (work) => onAny(pool, (connection) => transact(connection, work)),
    end: ({ timeout }) => pool.close(timeout),
  }
  // Drizzle writes into `options` how dates and JSON are to be parsed.
  const db = drizzle({ ...client, options: codecs } as never) as unknown as Db
  return { client, db }
}

async function onAny<T>(pool: ConnectionPool, work: (connection: Connection) => Promise<T>): Promise<T> {
  const connection = await pool.take()
  try {
    return await work(connection)
  } finally {
    pool.giveBack(connection)
  }
}

/** Delays each statement until it is known whether the caller asks for rows as arrays (`values()`). */
function statements(run: Connection['run']): StatementClient['unsafe'] {
  return (text, parameters, { prepare } = {}) => {
    let asArrays = false
    const answer = Promise.resolve().then(() => run({ text, parameters, prepare, asArrays }))
    const values = () => {
      asArrays = true
      return answer
    }
    return Object.assign(answer, { values })
  }
}

async function reserve(pool: ConnectionPool): Promise<ReadingClient> {
  const connection = await pool.take()
  // If BEGIN fails, the first read fails as well and reports the error.
  connection.runAhead('BEGIN READ ONLY').catch(() => {})
  return {
    unsafe: statements(connection.run),
    release() {
      // After an error PostgreSQL treats COMMIT as ROLLBACK.
      connection.run({ text: 'COMMIT' }).catch(() => connection.end(1))
      pool.giveBack(connection)
    },
  }
}

/** Runs `work` in a transaction. A connection on which even the rollback fails is not used again. */
async function transact<T>(
  connection: Connection,
  work: (transaction: TransactionClient) => Promise<T>,
): Promise<T> {
  await connection.run({ text: 'BEGIN' })
  const undo = () => connection.run({ text: 'ROLLBACK' }).catch(() => connection.end(1))
  return finish(work(transactionOn(connection, 1)), {
    keep: () => connection.run({ text: 'COMMIT' }),
    undo,
  })
}

function transactionOn(connection: Connection, depth: number): TransactionClient {
  const name = `s${depth}`
  return {
    unsafe: statements(connection.run),
    async savepoint(work) {
      await connection.run({ text: `SAVEPOINT ${name}` })
      return finish(work(transactionOn(connection, depth + 1)), {
        keep: () => connection.run({ text: `RELEASE SAVEPOINT ${name}` }),
        undo: () => connection.run({ text: `ROLLBACK TO SAVEPOINT ${name}` }),
      })
    },
  }
}

async function finish<T>(
  work: Promise<T>,
  { keep, undo }: { keep: () => Promise<unknown>; undo: () => Promise<unknown> },
): Promise<T> {
  try {
    const done = await work
    await keep()
    return done
  } catch (error) {
    await undo()
    throw error
  }
}
