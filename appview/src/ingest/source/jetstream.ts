import { isValidDid } from '@atproto/syntax'
import { WebSocket } from 'ws'
import type { RepoFrame } from '../frame/frame.ts'
import type { Wanted } from '../wanted.ts'
import { createBackoff } from './backoff.ts'
import { createFrameQueue } from './frame-queue.ts'
import { newSourceState, type Source, type SourceItem, type SourceState } from './source.ts'

export type JetstreamOptions = {
  /** `ws://` or `wss://`, without the `jetstream+` before it. */
  readonly url: string
  readonly wanted: Wanted
  /** Whether what happens to this account matters. */
  readonly tracks: (did: string) => boolean
}

const MAX_MESSAGE_BYTES = 2_000_000
const HIGH_WATER = 2_000
const LOW_WATER = 500
/** Jetstream's cursor is a time in microseconds; going back a little loses nothing and costs little. */
const REWIND_US = 5_000_000

/**
 * Follows a Jetstream, which filters for us and signs nothing: what it says of records is a hint to ask the record's
 * own host. A trickle where a firehose is a flood, for small servers.
 */
export function hintsOfJetstream(options: JetstreamOptions): Source {
  const { host } = new URL(options.url)
  const state = newSourceState()
  return { host, state, read: (cursor, signal) => readForEver(options, state, { cursor, signal }) }
}

async function* readForEver(
  options: JetstreamOptions,
  state: SourceState,
  { cursor, signal }: { cursor: number; signal: AbortSignal },
): AsyncGenerator<SourceItem> {
  const backoff = createBackoff(500, 60_000)
  let reached = cursor
  while (!signal.aborted) {
    const { queue, close } = connect(options, state, reached)
    const onAbort = () => close()
    signal.addEventListener('abort', onAbort, { once: true })
    try {
      for await (const item of queue) {
        if (item.kind === 'event') reached = Math.max(reached, item.frame.seq)
        backoff.reset()
        yield item
      }
    } catch (error) {
      state.error = error instanceof Error ? error.message : String(error)
    } finally {
      signal.removeEventListener('abort', onAbort)
      close()
    }
    if (!signal.aborted) await backoff.pause(signal)
  }
}

function connect(options: JetstreamOptions, state: SourceState, reached: number) {
  const url = new URL('/subscribe', options.url)
  for (const nsid of options.wanted.nsids) url.searchParams.append('wantedCollections', nsid)
  if (reached > 0) url.searchParams.set('cursor', String(Math.max(reached - REWIND_US, 0)))
  const socket = new WebSocket(url, {
    perMessageDeflate: true,
    maxPayload: MAX_MESSAGE_BYTES,
    handshakeTimeout: 15_000,
  })
  const queue = createFrameQueue<SourceItem>(LOW_WATER, () => socket.resume())
  socket.on('open', () => {
    state.connected = true
    state.connects++
  })
  socket.on('message', (data: Buffer) => {
    state.frames++
    state.bytes += data.length
    state.lastEventAt = Date.now()
    const frame = readMessage(data, options)
    if (frame === 'malformed') queue.push({ kind: 'malformed', reason: 'not a Jetstream message' })
    else if (frame) queue.push({ kind: 'event', frame, decided: () => {} })
    if (queue.length > HIGH_WATER) socket.pause()
  })
  socket.on('error', (error) => {
    state.error = error.message
  })
  socket.on('close', (code) => {
    state.connected = false
    queue.end(new Error(`${options.url} closed the stream (${code})`))
  })
  return {
    queue,
    close() {
      queue.end()
      socket.terminate()
    },
  }
}

/** A hint or an event of an account; undefined for what does not matter to us. */
function readMessage(
  data: Buffer,
  { wanted, tracks }: JetstreamOptions,
): RepoFrame | 'malformed' | undefined {
  const message = parse(data)
  const { did, kind } = message
  const seq = message.time_us
  if (typeof did !== 'string' || !isValidDid(did) || typeof seq !== 'number' || !Number.isSafeInteger(seq))
    return 'malformed'
  const about = { did, seq, time: new Date(seq / 1_000).toISOString() }
  if (kind === 'commit') {
    const { collection, rkey } = asObject(message.commit)
    const path = `${collection}/${rkey}`
    return wanted.wantsPath(path) ? { kind: 'hint', ...about, path } : undefined
  }
  if (!tracks(did)) return undefined
  if (kind === 'identity') return { kind: 'identity', ...about, handle: undefined }
  if (kind !== 'account') return undefined
  const { active, status } = asObject(message.account)
  if (typeof active !== 'boolean') return 'malformed'
  return { kind: 'account', ...about, active, status: typeof status === 'string' ? status : undefined }
}

function parse(data: Buffer): Record<string, unknown> {
  try {
    return asObject(JSON.parse(data.toString('utf8')))
  } catch {
    return {}
  }
}

function asObject(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
}
