/**
 * Reads of requests on a streaming replica. A request is answered from there only if the replica has everything that was
 * committed on the primary before the request was first read for. So whoever saw something, at this process or another, sees
 * it again, and nothing that was denied is shown. Otherwise, and for everything that no request waits for, the primary answers.
 */
import { AsyncLocalStorage } from 'node:async_hooks'
import { setTimeout as wait } from 'node:timers/promises'
import type { Codecs } from './connection.ts'
import { type ConnectionPool, createConnectionPool } from './connection-pool.ts'
import { withPatience } from './patience.ts'

export type Side = 'replica' | 'primary'

interface Reading {
  side: Promise<Side> | undefined
}

const reading = new AsyncLocalStorage<Reading>()

/** Runs the work of one request, whose reads may be answered by a replica if there is one. */
export function asReader<T>(work: () => T): T {
  return reading.run({ side: undefined }, work)
}

/** Has the primary answer the rest of this request, as after it wrote something. */
export function stayOnPrimary(): void {
  const request = reading.getStore()
  if (request) request.side = Promise.resolve('primary')
}

export interface Replica {
  readonly pool: ConnectionPool
  /** Which server the current request is to read from: the same throughout the request. */
  side(): Promise<Side>
  close(timeoutSeconds: number): Promise<void>
}

export interface ReplicaOptions {
  readonly primaryUrl: string
  readonly replicaUrl: string
  readonly codecs: Codecs
  readonly poolSize: number
  readonly maxAgeMs?: number
  readonly prepares?: boolean
  /** Told for each request which server answers it. */
  readonly onSide?: ((side: Side) => void) | undefined
}

export function openReplica(options: ReplicaOptions): Replica {
  const { primaryUrl, replicaUrl, codecs, poolSize: size, onSide, ...rest } = options
  const pool = createConnectionPool(replicaUrl, { size, codecs, ...rest })
  // Connections of their own, so that these questions do not wait behind reads.
  const asking = { size: 1, codecs, ...rest }
  const primary = createConnectionPool(primaryUrl, asking)
  const replica = createConnectionPool(replicaUrl, asking)
  const isFresh = createFreshness({
    written: () => askPosition(primary, 'pg_current_wal_flush_lsn()'),
    replayed: () => askPosition(replica, 'pg_last_wal_replay_lsn()'),
  })
  return {
    pool,
    async side() {
      const request = reading.getStore()
      if (!request) return 'primary'
      request.side ??= isFresh().then((is) => {
        const side = is ? 'replica' : 'primary'
        onSide?.(side)
        return side
      })
      return request.side
    },
    async close(timeoutSeconds) {
      await Promise.all([pool, primary, replica].map((each) => each.close(timeoutSeconds)))
    },
  }
}

/** How long a request waits for the replica to have what it may have to show; replaying takes milliseconds. */
const patienceMs = 50
const pollMs = 2
/** How long a replica that did not answer is left alone. */
const awayMs = 1_000
/** A question that takes longer costs the connection. */
const questionMs = 1_000

/**
 * Makes a function that finds out whether a replica has replayed everything that was written to the primary before the call.
 * Positions are in bytes of the write-ahead log. Calls at the same time share their questions.
 */
export function createFreshness(ask: {
  written: () => Promise<number>
  replayed: () => Promise<number>
}): () => Promise<boolean> {
  const written = askAfresh(ask.written)
  const askReplayed = askAfresh(ask.replayed)
  let reached = 0
  let awayUntilMs = 0
  const look = async () => {
    try {
      reached = Math.max(reached, await askReplayed())
    } catch {
      awayUntilMs = performance.now() + awayMs
    }
  }
  return async () => {
    if (performance.now() < awayUntilMs) return false
    // Where the primary does not answer, it is for the read itself to report that.
    const target = await written().catch(() => Number.POSITIVE_INFINITY)
    if (reached >= target) return true
    const endsAtMs = performance.now() + patienceMs
    for (;;) {
      const leftMs = endsAtMs - performance.now()
      if (leftMs <= 0 || target === Number.POSITIVE_INFINITY || performance.now() < awayUntilMs) return false
      await Promise.race([look(), wait(leftMs)])
      if (reached >= target) return true
      await wait(pollMs)
    }
  }
}

/** Makes a function whose answer belongs to a question that was asked after the call. Calls meanwhile share the next one. */
function askAfresh<T>(ask: () => Promise<T>): () => Promise<T> {
  let running: Promise<unknown> | undefined
  let next: Promise<T> | undefined
  const start = (): Promise<T> => {
    const asked = ask()
    running = asked
    const forget = () => {
      running = undefined
    }
    asked.then(forget, forget)
    return asked
  }
  return () => {
    if (!running) return start()
    const begin = () => {
      next = undefined
      return start()
    }
    next ??= running.then(begin, begin)
    return next
  }
}

/** Asks for a position in the write-ahead log; rejects when the server has none, as a primary has not replayed anything. */
async function askPosition(pool: ConnectionPool, position: string): Promise<number> {
  const ask = async () => {
    const connection = await pool.take()
    try {
      const [row] = await connection.run({ text: `SELECT (${position} - '0/0'::pg_lsn)::bigint AS at` })
      if (typeof row?.at !== 'number') throw new Error('this server has no such position')
      return row.at
    } finally {
      pool.giveBack(connection)
    }
  }
  // It is asked for several requests, whose own deadlines do not matter.
  return withPatience(() => questionMs, ask)
}
