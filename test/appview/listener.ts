import { Frame } from '@atproto/xrpc-server'
import { type MethodName, methods } from '@holdfast/lexicons/nsid'
import { WebSocket } from 'ws'
import { waitFor } from '../network/wait-for.ts'

export interface Listener extends AsyncDisposable {
  /** The messages in the order of arrival: their types (`#upsert`, `#info`, …) and bodies. */
  readonly messages: readonly { type: string; body: Record<string, unknown> }[]
  /** The error frame that ended the stream, if one did. */
  readonly error: string | undefined
  readonly closed: boolean
  readonly ws: WebSocket
  /** Resolves when `count` messages have arrived. */
  came(count: number): Promise<void>
  /** The messages in the short form `type seq …`, for comparison. */
  lines(): string[]
}

type Params = Readonly<Record<string, string | number | readonly string[] | undefined>>

/** Subscribes as a third party would. */
export async function listen(baseUrl: string, method: MethodName, params: Params = {}): Promise<Listener> {
  const url = new URL(`/xrpc/${methods[method]}`, baseUrl.replace('http', 'ws'))
  for (const [name, value] of Object.entries(params)) {
    for (const item of Array.isArray(value) ? value : [value])
      if (item !== undefined) url.searchParams.append(name, String(item))
  }
  const messages: { type: string; body: Record<string, unknown> }[] = []
  let error: string | undefined
  const ws = new WebSocket(url)
  ws.on('message', (data: Buffer) => {
    const frame = Frame.fromBytes(new Uint8Array(data))
    if (frame.isError()) error = frame.code
    else if (frame.isMessage())
      messages.push({ type: frame.type ?? '', body: frame.body as Record<string, unknown> })
  })
  await new Promise((resolve, reject) => ws.once('open', resolve).once('error', reject))
  return {
    messages,
    get error() {
      return error
    },
    get closed() {
      return ws.readyState === ws.CLOSED
    },
    ws,
    async came(count) {
      await waitFor(() => messages.length >= count, { what: `message ${count}` })
    },
    lines: () =>
      messages.map(({ type, body }) =>
        [
          type,
          body.seq,
          body.name ??
            String(body.uri ?? '')
              .split('/')
              .pop(),
        ]
          .filter((part) => part !== '')
          .join(' '),
      ),
    async [Symbol.asyncDispose]() {
      ws.terminate()
    },
  }
}
