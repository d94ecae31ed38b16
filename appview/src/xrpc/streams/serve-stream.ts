import type { IncomingMessage } from 'node:http'
import type { l } from '@atproto/lex'
import type { Server } from '@atproto/xrpc-server'
import { type Authorities, servedMethods } from '@holdfast/lexicons/authority'
import type { WebSocket } from 'ws'
import { toDeclared } from '../serve.ts'
import type { Broadcast } from './broadcast.ts'
import { runConnection } from './connection.ts'
import type { StreamFacts } from './recent.ts'

interface StreamServing {
  readonly server: Server
  readonly authorities: Authorities
  readonly auth: (request: { req: IncomingMessage }) => Promise<{ credentials: unknown }>
}

export type StreamFilter<M extends l.Subscription> = (
  params: l.InferMethodParams<M>,
) => Promise<((facts: StreamFacts) => boolean) | undefined>

type Positioned = l.Subscription & { parameters: l.ParamsSchema }

/** Serves a subscription under every authority: one frame is made for all clients, and written as it stands. */
export function serveStream<M extends Positioned>(
  { server, authorities, auth }: StreamServing,
  schema: { readonly main: M },
  stream: { broadcast: Broadcast; filter?: StreamFilter<M> },
): void {
  const declared: readonly string[] = schema.main.errors ?? []
  for (const served of servedMethods<M>(schema.main, authorities)) {
    const sockets = new WeakMap<IncomingMessage, WebSocket>()
    // Yields nothing: whoever throws here ends the stream with an error frame.
    async function* handler({ req, params, signal }: StreamContext<M>): AsyncGenerator<never> {
      try {
        const { cursor, epoch } = params as { cursor?: number; epoch?: string }
        const filter = await stream.filter?.(params)
        await runConnection(stream.broadcast, { ws: sockets.get(req)!, socket: req.socket, signal, cursor, epoch, filter })
      } catch (error) {
        throw toDeclared(error, { declared, method: served.nsid })
      }
    }
    server.add(served as never, { auth, handler } as never)
    server.subscriptions.get(served.nsid)?.wss.prependListener('connection', (ws, req) => sockets.set(req, ws))
  }
}

interface StreamContext<M extends l.Subscription> {
  req: IncomingMessage
  params: l.InferMethodParams<M>
  signal: AbortSignal
}
