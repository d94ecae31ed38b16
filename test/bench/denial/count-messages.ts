import { once } from 'node:events'
import { type MethodName, methods } from '@holdfast/lexicons/nsid'
import { WebSocket } from 'ws'

/** Subscribes and counts messages without decoding them, so that the reader's own cost is not measured. */
export async function countMessages(baseUrl: string, method: MethodName, params: Record<string, number>) {
  const url = new URL(`/xrpc/${methods[method]}`, baseUrl.replace('http', 'ws'))
  for (const [name, value] of Object.entries(params)) url.searchParams.set(name, String(value))
  const socket = new WebSocket(url)
  const startedAt = performance.now()
  let count = 0
  let waiting: { count: number; resolve: () => void } | undefined
  socket.on('message', () => {
    count++
    if (waiting && count >= waiting.count) waiting.resolve()
  })
  await once(socket, 'open')
  return {
    /** Resolves to the milliseconds since the start when this many messages have arrived. */
    async reached(wanted: number): Promise<number> {
      if (count < wanted) await new Promise<void>((resolve) => (waiting = { count: wanted, resolve }))
      return performance.now() - startedAt
    },
    close: () => socket.terminate(),
  }
}
