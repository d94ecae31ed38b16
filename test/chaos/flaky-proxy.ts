import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

/** A proxy in front of a server that can interrupt it, as a restart would: connections break, and new ones are refused. */
export type FlakyProxy = AsyncDisposable & {
  readonly port: number
  down(): Promise<void>
  up(): Promise<void>
  /** Keeps every connection but passes nothing on, like a server that is paused, until disposed of. */
  pause(): Disposable
}

export async function startFlakyProxy(target: { host: string; port: number }): Promise<FlakyProxy> {
  const sockets = new Set<Socket>()
  const server = createServer((client) => {
    const upstream = connect(target)
    for (const socket of [client, upstream]) {
      sockets.add(socket)
      socket.on('error', () => {})
      socket.on('close', () => {
        sockets.delete(socket)
        client.destroy()
        upstream.destroy()
      })
    }
    client.pipe(upstream)
    upstream.pipe(client)
    if (isPaused) hold([client, upstream])
  })
  let isPaused = false
  const hold = (held: Iterable<Socket>) => {
    for (const socket of held) socket.unpipe().pause()
  }
  const listen = (port: number) => new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  await listen(0)
  const { port } = server.address() as AddressInfo
  const down = async () => {
    const closed = new Promise((resolve) => server.close(resolve))
    for (const socket of sockets) socket.destroy()
    await closed
  }
  return {
    port,
    down,
    up: () => listen(port),
    pause() {
      isPaused = true
      hold(sockets)
      return {
        [Symbol.dispose]() {
          isPaused = false
          for (const socket of sockets) socket.destroy()
        },
      }
    },
    async [Symbol.asyncDispose]() {
      if (server.listening) await down()
    },
  }
}
