import { drizzle } from 'drizzle-orm/postgres-js'
import type { Connection, StatementClient } from './connection.ts'
import { type ConnectionPool, createConnectionPool } from './connection-pool.ts'
import { faultOf } from './database-fault.ts'
import { openReplica, type Side, stayOnPrimary } from './replica.ts'
import type { Db } from './sql.ts'

/** A connection in a read-only transaction; `release` ends the transaction without waiting for it. */
export type ReadingClient = StatementClient & { readonly isReplica: boolean; release(): void }

export interface PostgresClient extends StatementClient {
  /** Reserves a connection and sends BEGIN READ ONLY, without waiting, together with the first statement. */
  reserve(): Promise<ReadingClient>
  /** Whether a failed read may succeed on the primary, to which the current request then turns. */
  turnsToPrimary(error: unknown): boolean
  begin<T>(work: (transaction: TransactionClient) => Promise<T>): Promise<T>
  end(options: { timeout: number }): Promise<void>
}

interface TransactionClient extends StatementClient {
  savepoint<T>(work: (transaction: TransactionClient) => Promise<T>): Promise<T>
}

export interface PostgresOptions {
  readonly poolSize: number
  readonly maxAgeMs?: number
  /** Whether statements may be prepared under a name; true by default. */
  readonly prepares?: boolean
  /** A streaming replica, which answers reads of requests whenever it has everything that was committed before. */
  readonly replicaUrl?: string | undefined
  /** Told for each request which server answers it. */
  readonly onSide?: ((side: Side) => void) | undefined
}

/** Connections to PostgreSQL, made when they are first needed. */
export function connectPostgres(url: string, options: PostgresOptions): { client: PostgresClient; db: Db } {
  const codecs = { parsers: {}, serializers: {} }
  const { poolSize: size, replicaUrl, onSide, ...rest } = options
  const pool = createConnectionPool(url, { size, codecs, ...rest })
  const replica =
    replicaUrl === undefined
      ? undefined
      : openReplica({ primaryUrl: url, replicaUrl, codecs, poolSize: size, onSide, ...rest })
  const turnsToPrimary = (error: unknown) => {
    if (!replica || faultOf(error) !== 'away') return false
    stayOnPrimary()
    return true
  }
  const read: Connection['run'] = async (statement) => {
    const run = (connection: Connection) => connection.run(statement)
    if ((await replica?.side()) !== 'replica') return onAny(pool, run)
    try {
      return await onAny(replica!.pool, run)
    } catch (error) {
      if (turnsToPrimary(error)) return onAny(pool, run)
      throw error
    }
  }
  const client: PostgresClient = {
    unsafe: statements(read),
    async reserve() {
      const isReplica = (await replica?.side()) === 'replica'
      return reserve(isReplica ? replica!.pool : pool, isReplica)
    },
    turnsToPrimary,
    async begin(work) {
      stayOnPrimary()
      return onAny(pool, (connection) => transact(connection, work))
    },
    async end({ timeout }) {
      await Promise.all([pool.close(timeout), replica?.close(timeout)])
    },
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

async function reserve(pool: ConnectionPool, isReplica: boolean): Promise<ReadingClient> {
  const connection = await pool.take()
  // If BEGIN fails, the first read fails as well and reports the error.
  connection.runAhead('BEGIN READ ONLY').catch(() => {})
  return {
    isReplica,
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
