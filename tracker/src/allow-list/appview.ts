import { once } from 'node:events'
import { xrpc } from '@atproto/lex'
import { decodeAll, type LexValue } from '@atproto/lex-cbor'
import { listInfoHashes, subscribeInfoHashes } from '@holdfast/lexicons'
import WebSocket from 'ws'
import { announcedHashes, packEntries } from './entries.ts'

/** A place in the stream of changes. */
export type Position = { seq: number; epoch: string }

export type Change =
  | { kind: 'add' | 'remove'; hashes: Uint8Array; position: Position }
  | { kind: 'alive'; position: Position }

/**
 * The whole list of an AppView, in packed pages, and the position its stream is to be followed from.
 * @throws when it cannot be had whole
 */
export async function fetchList(
  url: string,
  signal: AbortSignal,
): Promise<Position & { packed: Uint8Array[] }> {
  const packed: Uint8Array[] = []
  let start: Position | undefined
  let cursor: string | undefined
  do {
    const { body } = await xrpc(url, listInfoHashes.main, {
      params: { limit: PAGE_ENTRIES, ...(cursor === undefined ? {} : { cursor }) },
      signal: AbortSignal.any([signal, AbortSignal.timeout(PAGE_TIMEOUT_MS)]),
    })
    start ??= { seq: body.seq, epoch: body.epoch }
    if (body.epoch !== start.epoch) throw new Error('the AppView began a new epoch while its list was read')
    packed.push(packEntries(body.infoHashes.map(announcedHashes)))
    if (body.cursor !== undefined && body.cursor === cursor)
      throw new Error('the AppView repeats a page of its list')
    cursor = body.cursor
  } while (cursor !== undefined)
  return { ...start, packed }
}

/** The stream does not lead on from the position it was asked for: the whole list is needed. */
export class StreamBroken extends Error {
  override readonly name = 'StreamBroken'
}

/**
 * Changes after `from`, as they happen; `alive` says that there are none. Ends when `signal` does.
 * @throws StreamBroken, or an Error when the connection fails or falls silent
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
    maxPayload: MOST_FRAME_BYTES,
    handshakeTimeout: CONNECT_TIMEOUT_MS,
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
    if (Date.now() - heard > SILENCE_MS) put(new Error('the AppView has fallen silent'))
    else if (socket.readyState === WebSocket.OPEN) socket.ping()
  }, HEARTBEAT_MS)
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

const PAGE_ENTRIES = 10_000
const PAGE_TIMEOUT_MS = 60_000
const CONNECT_TIMEOUT_MS = 10_000
const HEARTBEAT_MS = 10_000
const SILENCE_MS = 35_000
const MOST_FRAME_BYTES = 64 * 1024

/** One frame of an event stream (atproto event-stream spec): a header and a body, both DAG-CBOR. */
function readFrame(data: Uint8Array, position: Position): Change {
  const [frameHeader, body] = [...decodeAll(data)] as [{ op?: number; t?: string }, LexValue & object]
  if (frameHeader?.op === -1) {
    const { error, message } = body as { error?: string; message?: string }
    const said = `the AppView ended the stream: ${error ?? 'no reason given'}${message ? ` (${message})` : ''}`
    throw error === 'FutureCursor' ? new StreamBroken(said) : new Error(said)
  }
  if (frameHeader?.t === '#info') {
    const info = subscribeInfoHashes.info.parse(body)
    if (info.name === 'OutdatedCursor' || info.name === 'EpochChanged' || info.epoch !== position.epoch) {
      throw new StreamBroken(`the AppView's stream does not go on from here (${info.name})`)
    }
    return { kind: 'alive', position }
  }
  if (frameHeader?.t !== '#add' && frameHeader?.t !== '#remove') return { kind: 'alive', position }
  const kind = frameHeader.t === '#add' ? 'add' : 'remove'
  const change = subscribeInfoHashes[kind].parse(body)
  if (change.epoch !== position.epoch) throw new StreamBroken('the AppView began a new epoch')
  return { kind, hashes: announcedHashes(change), position: { seq: change.seq, epoch: change.epoch } }
}
