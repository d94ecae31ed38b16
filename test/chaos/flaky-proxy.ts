import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

/** Stands before a server and takes it away on order, as a restart would: connections break, new ones are refused. */
export type FlakyProxy = AsyncDisposable & {
  readonly port: number
  down(): Promise<void>
  up(): Promise<void>
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
  })
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
    async [Symbol.asyncDispose]() {
      if (server.listening) await down()
    },
  }
}
