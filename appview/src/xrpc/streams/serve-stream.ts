import type { IncomingMessage } from 'node:http'
import type { l } from '@atproto/lex-schema'
import type { Server } from '@atproto/xrpc-server'
import { type Authorities, servedMethods } from '@holdfast/lexicons/authority'
import type { WebSocket } from 'ws'
import { refuseUnknown, toDeclared } from '../serve.ts'
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

/** Adds a subscription to the XRPC server, under every authority. Each frame is made once and written to all clients. */
export function serveStream<M extends Positioned>(
  { server, authorities, auth }: StreamServing,
  schema: { readonly main: M },
  stream: { broadcast: Broadcast; filter?: StreamFilter<M> },
): void {
  const declared: readonly string[] = schema.main.errors ?? []
  for (const served of servedMethods<M>(schema.main, authorities)) {
    const sockets = new WeakMap<IncomingMessage, WebSocket>()
    const run = async ({ req, params, signal }: StreamContext<M>): Promise<void> => {
      refuseUnknown(schema.main, req)
      const { cursor, epoch } = params as { cursor?: number; epoch?: string }
      const filter = await stream.filter?.(params)
      const ws = sockets.get(req)!
      await runConnection(stream.broadcast, { ws, socket: req.socket, signal, cursor, epoch, filter })
    }
    const handler = (context: StreamContext<M>) =>
      nothing(() =>
        run(context).catch((error) => {
          throw toDeclared(error, { declared, method: served.nsid })
        }),
      )
    server.add(served as never, { auth, handler } as never)
    server.subscriptions
      .get(served.nsid)
      ?.wss.prependListener('connection', (ws, req) => sockets.set(req, ws))
  }
}

/** Yields nothing and ends when the task ends; an error of the task ends the stream with an error frame. */
function nothing(task: () => Promise<void>): AsyncIterable<never> {
  return {
    [Symbol.asyncIterator]: () => ({ next: () => task().then(() => ({ done: true, value: undefined })) }),
  }
}

interface StreamContext<M extends l.Subscription> {
  req: IncomingMessage
  params: l.InferMethodParams<M>
  signal: AbortSignal
}
