import { createFairQueue } from '../runtime/fair-queue.ts'
import { type Codecs, type Connection, openConnection } from './connection.ts'
import { inTime, whoAsks } from './patience.ts'

export interface ConnectionPool {
  /** Waits for a connection and reserves it for the caller until `giveBack`. @throws StoreUnavailableError */
  take(): Promise<Connection>
  /** Returns a connection once it has answered. One that has ended, or is too old, is replaced. */
  giveBack(connection: Connection): void
  close(timeoutSeconds: number): Promise<void>
}

export interface PoolOptions {
  readonly size: number
  readonly codecs: Codecs
  /** The age at which a connection is replaced, to follow a name that moves to another server and to free memory of long sessions. */
  readonly maxAgeMs?: number
  /** Whether statements may be prepared under a name; false behind a pooler that changes sessions with each transaction. */
  readonly prepares?: boolean
}

const halfAnHourMs = 30 * 60_000

/** Makes a pool of connections to one database, opened when needed. Callers wait for a free one in turns (`fair-queue.ts`). */
export function createConnectionPool(url: string, options: PoolOptions): ConnectionPool {
  const { size, codecs, prepares = true, maxAgeMs = halfAnHourMs } = options
  const open = new Set<Connection>()
  const idle: Connection[] = []
  const waiting = createFairQueue<(connection: Connection) => void>()
  let isClosed = false

  function openOne(): Connection {
    const connection = openConnection(url, codecs, () => leave(connection), { prepares })
    open.add(connection)
    return connection
  }
  function leave(connection: Connection): void {
    if (!open.delete(connection)) return
    const place = idle.indexOf(connection)
    if (place >= 0) idle.splice(place, 1)
    if (!isClosed) waiting.shift()?.(openOne())
  }
  function retire(connection: Connection): void {
    void connection.end(1)
    leave(connection)
  }
  return {
    async take() {
      if (isClosed) throw new Error('The store is closed.')
      const free = idle.pop()
      if (free) return free
      if (open.size < size) return openOne()
      const { promise, resolve } = Promise.withResolvers<Connection>()
      const visitor = whoAsks()
      waiting.push(resolve, visitor)
      return inTime(promise, 'No connection to the database became free in time.', () =>
        waiting.remove(resolve, visitor),
      )
    },
    giveBack(connection) {
      void connection.settled().then(() => {
        if (!open.has(connection)) return
        if (isClosed || connection.isOver() || performance.now() - connection.startedAtMs > maxAgeMs)
          return retire(connection)
        const next = waiting.shift()
        if (next) next(connection)
        else idle.push(connection)
      })
    },
    async close(timeoutSeconds) {
      isClosed = true
      await Promise.all([...open].map((connection) => connection.end(timeoutSeconds)))
    },
  }
}
