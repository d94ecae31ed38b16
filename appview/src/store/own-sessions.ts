import { OperatorError } from '@holdfast/runtime/operator-error'
import { openDedicatedConnection } from './dedicated-connection.ts'

/** How many transactions are kept open while one session is examined. */
const others = 3

/**
 * Checks that each connection to this database is a session of its own. Behind a pooler that assigns sessions for one
 * transaction at a time (PgBouncer's `pool_mode = transaction`), the leader's lock would pass to another client with the
 * session, and notifications would be lost.
 *
 * @throws OperatorError that says what to set
 */
export async function requireOwnSessions(databaseUrl: string): Promise<void> {
  const clients = Array.from({ length: 1 + others }, () =>
    openDedicatedConnection(databaseUrl, { applicationName: 'holdfast-probe', onClosed: () => {} }),
  )
  const [own, ...rest] = clients as [(typeof clients)[0], ...typeof clients]
  const pidOf = async (client: typeof own): Promise<number> =>
    (await client`SELECT pg_backend_pid() AS pid`)[0]!.pid
  try {
    const pid = await pidOf(own)
    for (const client of rest) {
      await client.unsafe('BEGIN')
      if ((await pidOf(client)) === pid || (await pidOf(own)) !== pid) throw new SharedSessionsError()
    }
  } finally {
    // The driver ends each session properly, which rolls its transaction back.
    await Promise.all(clients.map((client) => client.end({ timeout: 1 })))
  }
}

class SharedSessionsError extends OperatorError {
  override readonly name = 'SharedSessionsError'
  constructor() {
    super(
      'A pooler lends out sessions of this database for a transaction at a time (PgBouncer in transaction mode), and the right to follow the network would leak. Set HOLDFAST_DATABASE_SESSION_URL to the server itself or to a pool in session mode: a few connections are held there, all others stay on HOLDFAST_DATABASE_URL.',
    )
  }
}
