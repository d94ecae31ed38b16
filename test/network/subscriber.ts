import { once } from 'node:events'
import { WebSocket } from 'ws'
import { decodeFrame, type Frame } from './relay/frames.ts'
import { waitFor } from './wait-for.ts'

export type Subscriber = AsyncDisposable & {
  /** All frames received so far. */
  readonly frames: readonly Frame[]
  readonly raw: readonly Uint8Array[]
  readonly open: boolean
  /** The sequence numbers received, in order of arrival. */
  seqs(): number[]
  /** Waits until `count` frames have arrived in total. */
  received(count: number): Promise<readonly Frame[]>
  closed(): Promise<void>
}

/** Follows `subscribeRepos` at an `http://` host from `cursor` (if absent, from now on) and keeps all frames. */
export async function subscribe(host: string, cursor?: number): Promise<Subscriber> {
  const address = new URL('/xrpc/com.atproto.sync.subscribeRepos', host.replace(/^http/, 'ws'))
  if (cursor !== undefined) address.searchParams.set('cursor', String(cursor))
  const socket = new WebSocket(address)
  const raw: Uint8Array[] = []
  const frames: Frame[] = []
  socket.on('error', () => {})
  socket.on('message', (data: Buffer) => {
    raw.push(data)
    frames.push(decodeOrRaw(data))
  })
  await once(socket, 'open')
  return {
    frames,
    raw,
    get open() {
      return socket.readyState === WebSocket.OPEN
    },
    seqs: () => frames.flatMap(({ body }) => (typeof body.seq === 'number' ? [body.seq] : [])),
    async received(count) {
      await waitFor(() => frames.length >= count, { what: `frame ${count} of ${host}` })
      return frames
    },
    async closed() {
      await waitFor(() => socket.readyState === WebSocket.CLOSED, { what: `${host} to close the stream` })
    },
    async [Symbol.asyncDispose]() {
      if (socket.readyState === WebSocket.CLOSED) return
      const closed = once(socket, 'close')
      socket.terminate()
      await closed
    },
  }
}

/** Bytes that are not a valid frame are kept as a frame without a body. */
function decodeOrRaw(data: Uint8Array): Frame {
  try {
    return decodeFrame(data)
  } catch {
    return { body: {} }
  }
}
