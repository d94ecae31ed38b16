import { once } from 'node:events'
import { decodeAll, type LexValue } from '@atproto/lex-cbor'
import { subscribeInfoHashes } from '@holdfast/lexicons'
import WebSocket from 'ws'
import { announcedHashes } from './entries.ts'

/** A position in the stream of changes. */
export interface Position {
  seq: number
  epoch: string
}

export type Change =
  | { kind: 'add' | 'remove'; hashes: Uint8Array; position: Position }
  | { kind: 'alive'; position: Position }

/** The stream cannot be continued from the position that was requested, so the whole list must be read again. */
export class StreamBrokenError extends Error {
  override readonly name = 'StreamBrokenError'
}

/**
 * Yields the changes after `from` as they happen; `alive` means that the connection works and there are none. Ends when
 * `signal` is aborted.
 * @throws StreamBrokenError, or an Error if the connection fails or nothing arrives for too long
 */
export async function* followChanges(
  url: string,
  from: Position,
  signal: AbortSignal,
): AsyncGenerator<Change, void> {
  const address = new URL(`/xrpc/${subscribeInfoHashes.main.nsid}`, url)
  address.protocol = address.protocol === 'https:' ? 'wss:' : 'ws:'
  address.searchParams.set('cursor', String(from.seq))
  address.searchParams.set('epoch', from.epoch)
  const queue: (Change | Error)[] = []
  let wake = (): void => {}
  const put = (item: Change | Error): void => {
    queue.push(item)
    wake()
  }
  let position = from
  let heard = Date.now()
  const socket = new WebSocket(address, {
    maxPayload: mostFrameBytes,
    handshakeTimeout: connectTimeoutMs,
  })
  socket.on('message', (data: Buffer) => {
    heard = Date.now()
    try {
      const change = readFrame(data, position)
      position = change.position
      put(change)
    } catch (error) {
      put(error as Error)
    }
  })
  socket.on('open', () => put({ kind: 'alive', position }))
  socket.on('pong', () => {
    heard = Date.now()
    put({ kind: 'alive', position })
  })
  socket.on('error', (error) => put(error))
  socket.on('close', (code) => put(new Error(`the AppView closed the stream (${code})`)))
  const heartbeat = setInterval(() => {
    if (Date.now() - heard > silenceMs) put(new Error('the AppView has sent nothing for too long'))
    else if (socket.readyState === WebSocket.OPEN) socket.ping()
  }, heartbeatMs)
  const stop = (): void => wake()
  signal.addEventListener('abort', stop)
  try {
    while (!signal.aborted) {
      const next = queue.shift()
      if (next instanceof Error) throw next
      if (next !== undefined) yield next
      else {
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      }
    }
  } finally {
    clearInterval(heartbeat)
    signal.removeEventListener('abort', stop)
    socket.removeAllListeners()
    socket.on('error', () => {})
    if (socket.readyState !== WebSocket.CLOSED) {
      const closed = once(socket, 'close')
      socket.terminate()
      await closed
    }
  }
}

const connectTimeoutMs = 10_000
const heartbeatMs = 10_000
const silenceMs = 35_000
const mostFrameBytes = 64 * 1024

/** One frame of an event stream (atproto event-stream spec): a header and a body, both DAG-CBOR. */
function readFrame(data: Uint8Array, position: Position): Change {
  const [frameHeader, body] = [...decodeAll(data)] as [{ op?: number; t?: string }, LexValue & object]
  if (frameHeader?.op === -1) {
    const { error, message } = body as { error?: string; message?: string }
    const said = `the AppView ended the stream: ${error ?? 'no reason given'}${message ? ` (${message})` : ''}`
    throw error === 'FutureCursor' ? new StreamBrokenError(said) : new Error(said)
  }
  if (frameHeader?.t === '#info') {
    const info = subscribeInfoHashes.info.parse(body)
    if (info.name === 'OutdatedCursor' || info.name === 'EpochChanged' || info.epoch !== position.epoch) {
      throw new StreamBrokenError(`the AppView's stream cannot be continued from here (${info.name})`)
    }
    return { kind: 'alive', position }
  }
  if (frameHeader?.t !== '#add' && frameHeader?.t !== '#remove') return { kind: 'alive', position }
  const kind = frameHeader.t === '#add' ? 'add' : 'remove'
  const change = subscribeInfoHashes[kind].parse(body)
  if (change.epoch !== position.epoch) throw new StreamBrokenError('the AppView began a new epoch')
  return { kind, hashes: announcedHashes(change), position: { seq: change.seq, epoch: change.epoch } }
}
