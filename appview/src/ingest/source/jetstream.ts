import { isValidDid } from '@atproto/syntax'
import { WebSocket } from 'ws'
import { createBackoff } from '../../runtime/backoff.ts'
import type { RepoFrame } from '../frame/frame.ts'
import type { Wanted } from '../wanted.ts'
import { createFrameQueue } from './frame-queue.ts'
import {
  newSourceState,
  noteConnected,
  noteDisconnected,
  noteHeard,
  type Source,
  type SourceItem,
  type SourceState,
} from './source.ts'

export interface JetstreamOptions {
  /** `ws://` or `wss://`, without the prefix `jetstream+`. */
  readonly url: string
  readonly wanted: Wanted
  /** Whether events of this account concern us. */
  readonly tracks: (did: string) => boolean
}

const maxMessageBytes = 2_000_000
const highWater = 2_000
const lowWater = 500
/** How far the cursor, a time in microseconds, is set back on reconnecting, so that no event is missed. */
const rewindUs = 5_000_000

/**
 * Follows a Jetstream, which filters events but signs nothing: an event about a record is only a hint to fetch the record
 * from its own host. It needs far less traffic than a firehose, which suits small servers.
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
        state.queued = queue.length
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
  if (reached > 0) url.searchParams.set('cursor', String(Math.max(reached - rewindUs, 0)))
  const socket = new WebSocket(url, {
    perMessageDeflate: true,
    maxPayload: maxMessageBytes,
    handshakeTimeout: 15_000,
  })
  const queue = createFrameQueue<SourceItem>(lowWater, () => socket.resume())
  socket.on('open', () => {
    noteConnected(state)
  })
  socket.on('message', (data: Buffer) => {
    state.frames++
    state.bytes += data.length
    state.lastEventAt = Date.now()
    const frame = readMessage(data, options)
    if (frame === 'malformed') queue.push({ kind: 'malformed', reason: 'not a Jetstream message' })
    else if (frame) {
      noteHeard(state, frame.time)
      queue.push({ kind: 'event', frame, onSettled: () => {} })
    }
    state.queued = queue.length
    if (queue.length > highWater) socket.pause()
  })
  socket.on('error', (error) => {
    state.error = error.message
  })
  socket.on('close', (code) => {
    noteDisconnected(state)
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

/** Reads a message as a hint or an event of an account; undefined when it does not concern us. */
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
