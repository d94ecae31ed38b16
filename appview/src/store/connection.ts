import postgres, { type Sql } from 'postgres'
import { inTime } from './patience.ts'

/** How the driver converts values of each type; Drizzle sets these. */
export interface Codecs {
  readonly parsers: Record<string, unknown>
  readonly serializers: Record<string, unknown>
}

export interface Statement {
  readonly text: string
  readonly parameters?: readonly unknown[] | undefined
  readonly prepare?: boolean | undefined
  /** Rows as arrays instead of objects. */
  readonly asArrays?: boolean | undefined
}

type Row = Record<string, unknown>

/** What Drizzle and `preparedRows` ask of the driver: rows as objects, or by `values()` as arrays. */
export interface StatementClient {
  unsafe(text: string, parameters?: readonly unknown[], options?: { prepare?: boolean }): Answer
}

type Answer = Promise<Row[]> & { values(): Promise<Row[]> }

/** One session of the server. The first statement opens it, and once ended it is never opened again. */
export interface Connection {
  readonly startedAtMs: number
  isOver(): boolean
  /** Sends a statement once those before it have been answered. */
  run(statement: Statement): Promise<Row[]>
  /** Sends a statement without making the next one wait for its answer, such as BEGIN before the first read. */
  runAhead(text: string): Promise<unknown>
  /** Resolves when everything that was sent has been answered. */
  settled(): Promise<void>
  end(timeoutSeconds: number): Promise<void>
}

/** A statement came for a session that has ended; in another session it would run outside its transaction. */
class ConnectionOverError extends Error {
  override readonly name = 'ConnectionOverError'
  readonly code = 'CONNECTION_CLOSED'
}

/**
 * Opens a client of the driver for a single connection. The driver's own pool is not used (see docs/decisions): it loses
 * connections that `reserve` opens, cannot abandon one that does not answer, and after a loss runs the rest of a
 * transaction on another connection.
 */
export function openConnection(
  url: string,
  codecs: Codecs,
  onOver: () => void,
  options: { prepares?: boolean } = {},
): Connection {
  const { prepares = true } = options
  let isOver = false
  const client = postgres(url, {
    max: 1,
    connect_timeout: 10,
    idle_timeout: 0,
    max_lifetime: null,
    // Arrays are read as JSON. The driver would query their types at a point where a broken connection goes unnoticed.
    fetch_types: false,
    onnotice: () => {},
    onclose: over,
    // Ids, sizes and sequences stay far below 2^53, so they are plain numbers, as in PGlite.
    types: { bigint: { to: 20, from: [20], parse: Number, serialize: String } },
    connection: { application_name: 'holdfast', TimeZone: 'UTC' },
  }) as unknown as Sql
  Object.assign(client.options.parsers, codecs.parsers)
  Object.assign(client.options.serializers, codecs.serializers)
  let before: Promise<unknown> = Promise.resolve()
  let isNew = true

  function over(): void {
    if (isOver) return
    isOver = true
    onOver()
  }
  const send = ({ text, parameters = [], prepare = false, asArrays }: Statement) => {
    if (isOver) return Promise.reject(new ConnectionOverError('the connection to the database ended'))
    if (isNew) {
      isNew = false
      // Compiling takes seconds for statements that then read a few hundred rows, because their costs are estimated too high. Not
      // a parameter of the connection, which PgBouncer would refuse.
      client.unsafe('SET jit = off').catch(() => {})
    }
    const query = client.unsafe(text, parameters as never[], { prepare: prepare && prepares })
    const answer = (asArrays ? query.values() : query) as unknown as Promise<Row[]>
    return inTime(answer, 'The database did not answer in time.', () => {
      over()
      cancel(query)
      void client.end({ timeout: 1 })
    })
  }
  return {
    startedAtMs: performance.now(),
    isOver: () => isOver,
    run(statement) {
      const answer = before.then(() => send(statement))
      before = answer.catch(() => {})
      return answer
    },
    runAhead: (text) => send({ text }),
    settled: async () => void (await before),
    end(timeout) {
      isOver = true
      return client.end({ timeout })
    },
  }
}

/** Asks the server to stop working on a statement. A failure of the driver's `cancel()` would be an unhandled rejection. */
function cancel(query: object): void {
  const { canceller } = query as { canceller?: ((query: object) => Promise<void>) | null }
  canceller?.(query).catch(() => {})
}
