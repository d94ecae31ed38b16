import type { Server } from 'node:http'
import { WebSocketServer } from 'ws'
import type { Stream } from './stream.ts'

/** Serves `com.atproto.sync.subscribeRepos` from a stream on an HTTP server's upgrades. */
export function serveSubscribers(server: Server, stream: Stream) {
  const sockets = new WebSocketServer({ noServer: true })
  server.on('upgrade', (request, socket, head) => {
    const url = new URL(request.url ?? '/', 'http://relay.invalid')
    if (url.pathname !== '/xrpc/com.atproto.sync.subscribeRepos') {
      socket.end('HTTP/1.1 404 Not Found\r\nconnection: close\r\n\r\n')
      return
    }
    const cursor = url.searchParams.get('cursor')
    sockets.handleUpgrade(request, socket, head, (subscriber) => {
      void stream.subscribe(subscriber, cursor === null ? undefined : Number(cursor))
    })
  })
}
