import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

/**
 * A pooler in front of PostgreSQL that lends a session for one transaction, like PgBouncer with `pool_mode =
 * transaction`: the next client gets the session that was returned last. It supports only databases that need no
 * password.
 */
export async function startTransactionPooler(
  databaseUrl: string,
): Promise<AsyncDisposable & { url: string }> {
  const target = new URL(databaseUrl)
  const free: Session[] = []
  const sockets = new Set<Socket>()
  let greeting: Buffer | undefined
  const open = async (startup: Buffer) => {
    const session = await openSession(target, startup)
    sockets.add(session.socket)
    return session
  }
  const server = createServer((client) => {
    sockets.add(client.on('error', () => {}))
    let startup: Buffer | undefined
    let session: Session | undefined
    let work = Promise.resolve()
    const take = async (bytes: Buffer) => {
      if (!startup) {
        // The client asked for TLS; the answer is no.
        if (bytes.length === 8) return void client.write('N')
        startup = bytes
        if (!greeting) {
          const first = await open(startup)
          greeting = first.greeting
          free.push(first)
        }
        return void client.write(greeting)
      }
      if (bytes[0] === 0x58) return void client.end()
      session ??= free.pop() ?? (await open(startup))
      const lent = session
      lent.onAnswer = (answer, isIdle) => {
        client.write(answer)
        if (!isIdle) return
        free.push(lent)
        session = undefined
      }
      lent.socket.write(bytes)
    }
    client.on('data', (bytes) => {
      work = work.then(() => take(bytes))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = Object.assign(new URL(databaseUrl), {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
  })
  return {
    url: url.href,
    async [Symbol.asyncDispose]() {
      const closed = new Promise((resolve) => server.close(resolve))
      for (const socket of sockets) socket.destroy()
      await closed
    },
  }
}

interface Session {
  readonly socket: Socket
  readonly greeting: Buffer
  /** Called with what the server says, and whether no transaction is open after it. */
  onAnswer: (answer: Buffer, isIdle: boolean) => void
}

/** `ReadyForQuery` with the state `I` ends the work that a session was lent for. */
const ready = Buffer.from([0x5a, 0, 0, 0, 5, 0x49])

function openSession(target: URL, startup: Buffer): Promise<Session> {
  const socket = connect(Number(target.port || 5432), target.hostname).on('error', () => {})
  return new Promise((resolve) => {
    let session: Session | undefined
    let greeting = Buffer.alloc(0)
    socket.on('data', (bytes) => {
      const isIdle = bytes.subarray(-ready.length).equals(ready)
      if (session) return session.onAnswer(bytes, isIdle)
      greeting = Buffer.concat([greeting, bytes])
      if (!isIdle) return
      session = { socket, greeting, onAnswer: () => {} }
      resolve(session)
    })
    socket.write(startup)
  })
}
