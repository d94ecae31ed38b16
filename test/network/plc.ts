import { Client } from '@did-plc/lib'
import { Database, PlcServer } from '@did-plc/server'
import { closerOf, listening } from './closing.ts'

export type TestPlc = AsyncDisposable & {
  readonly url: string
  readonly client: Client
}

/** Starts the real PLC directory on a free loopback port, with its operations in memory. */
export async function startPlc(): Promise<TestPlc> {
  const plc = PlcServer.create({ db: Database.mock() })
  const server = plc.app.listen(0, '127.0.0.1')
  // The timeout is longer than any pause of a test: an idle connection that is closed just as it is reused would fail
  // the test.
  server.keepAliveTimeout = 600_000
  const close = closerOf(server)
  // The URL uses a host name, because the PDS refuses to fetch from an IP address.
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
