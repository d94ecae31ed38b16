import { Client } from '@did-plc/lib'
import { Database, PlcServer } from '@did-plc/server'
import { closerOf, listening } from './closing.ts'

export type TestPlc = AsyncDisposable & {
  readonly url: string
  readonly client: Client
}

/** Starts the real PLC directory on a free loopback port, its operations kept in memory. */
export async function startPlc(): Promise<TestPlc> {
  const plc = PlcServer.create({ db: Database.mock() })
  const server = plc.app.listen(0, '127.0.0.1')
  // Longer than any pause of a test: an idle connection closed just as it is used again fails the test, not the index.
  server.keepAliveTimeout = 600_000
  const close = closerOf(server)
  // By name: the PDS refuses to fetch from a bare address.
  const url = `http://localhost:${await listening(server)}`
  return {
    url,
    client: new Client(url),
    async [Symbol.asyncDispose]() {
      await close()
      await plc.destroy()
    },
  }
}
