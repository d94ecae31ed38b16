import { once } from 'node:events'
import { type MethodName, methods } from '@holdfast/lexicons/nsid'
import { WebSocket } from 'ws'

/**
 * Subscribes and counts messages, or those that contain a text, without decoding them, so that the reader's own cost is not
 * measured.
 */
export async function countMessages(
  baseUrl: string,
  method: MethodName,
  params: Record<string, number>,
  containing = '',
) {
  const url = new URL(`/xrpc/${methods[method]}`, baseUrl.replace('http', 'ws'))
  for (const [name, value] of Object.entries(params)) url.searchParams.set(name, String(value))
  const socket = new WebSocket(url)
  const startedAt = performance.now()
  let count = 0
  const started = once(socket, 'message')
  let waiting: { count: number; resolve: () => void } | undefined
  socket.on('message', (message: Buffer) => {
    if (!message.includes(containing)) return
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
    count: () => count,
    /** Resolves with the first message, whatever it contains: the server has then noted where this reader begins. */
    started: started.then(() => {}),
    close: () => socket.terminate(),
  }
}
