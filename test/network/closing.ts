import type { Server } from 'node:http'
import type { Socket } from 'node:net'

/** Remembers a server's sockets, including upgraded ones, and returns a function that closes it and all of them at once. */
export function closerOf(server: Server): () => Promise<void> {
  const sockets = new Set<Socket>()
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  })
  return async () => {
    const closed = new Promise<void>((resolve) => server.close(() => resolve()))
    for (const socket of sockets) socket.destroy()
    await closed
  }
}

/** Resolves to the port a server listens on; rejects with the listen error. */
export function listening(server: Server): Promise<number> {
  return new Promise((resolve, reject) => {
    const done = () => {
      const address = server.address()
      if (address && typeof address === 'object') resolve(address.port)
      else reject(new Error('the server listens on a pipe, not on a port'))
    }
    server.once('error', reject)
    if (server.listening) done()
    else server.once('listening', done)
  })
}
