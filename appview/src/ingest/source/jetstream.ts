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
 * A Jetstream does not say that it no longer has the events after a cursor. It keeps a day of them unless its operator says
 * otherwise, so after half a day events count as missed.
 */
const surelyKeptUs = 12 * 3_600 * 1_000_000
/** How often the cursor advances over events that do not concern us. */
const progressMs = 1_000

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
  // At the first start, repositories are listed from now on; what changes before the connection is made is sent again.
  let reached = cursor > 0 ? cursor : nowUs()
  while (!signal.aborted) {
    const { queue, close } = connect(options, state, reached)
    const onAbort = () => close()
    signal.addEventListener('abort', onAbort, { once: true })
    try {
      for await (const item of queue) {
        state.queued = queue.length
        if (item.kind === 'event') reached = Math.max(reached, item.frame.seq)
        if (item.kind === 'progress') reached = Math.max(reached, item.seq)
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
  url.searchParams.set('cursor', String(Math.max(reached - rewindUs, 0)))
  const socket = new WebSocket(url, {
    perMessageDeflate: true,
    maxPayload: maxMessageBytes,
    handshakeTimeout: 15_000,
  })
  const queue = createFrameQueue<SourceItem>(lowWater, () => socket.resume())
  let progressAtMs = 0
  const onPassed = (seq: number, timeMs: number | undefined) => {
    const now = performance.now()
    if (now - progressAtMs < progressMs) return
    progressAtMs = now
    queue.push({ kind: 'progress', seq, timeMs })
  }
  socket.on('open', () => {
    noteConnected(state)
    if (nowUs() - reached > surelyKeptUs)
      queue.push({ kind: 'gap', why: 'a Jetstream may no longer have all events after so long' })
    // Even if no event comes for days, it is known since when events would have come.
    queue.push({ kind: 'progress', seq: reached })
  })
  socket.on('message', (data: Buffer) => {
    state.frames++
    state.bytes += data.length
    state.lastEventAt = Date.now()
    const message = readMessage(data, options)
    if (message === undefined) queue.push({ kind: 'malformed', reason: 'not a Jetstream message' })
    else {
      const { frame, seq, time } = message
      const timeMs = noteHeard(state, time)
      if (frame) queue.push({ kind: 'event', frame, onSettled: () => {} })
      else onPassed(seq, timeMs)
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

interface Message {
  /** A hint, or an event of an account; undefined when it does not concern us. */
  readonly frame: RepoFrame | undefined
  readonly seq: number
  readonly time: string
}

/** Reads a message; undefined when it is malformed. */
function readMessage(data: Buffer, { wanted, tracks }: JetstreamOptions): Message | undefined {
  const message = parse(data)
  const { did, kind } = message
  const seq = message.time_us
  if (typeof did !== 'string' || !isValidDid(did) || typeof seq !== 'number' || !Number.isSafeInteger(seq))
    return undefined
  const about = { did, seq, time: new Date(seq / 1_000).toISOString() }
  const passed = { frame: undefined, seq, time: about.time }
  const of = (frame: RepoFrame): Message => ({ ...passed, frame })
  if (kind === 'commit') {
    const { collection, rkey } = asObject(message.commit)
    const path = `${collection}/${rkey}`
    return wanted.wantsPath(path) ? of({ kind: 'hint', ...about, path }) : passed
  }
  if (!tracks(did)) return passed
  if (kind === 'identity') return of({ kind: 'identity', ...about, handle: undefined })
  if (kind !== 'account') return passed
  const { active, status } = asObject(message.account)
  if (typeof active !== 'boolean') return undefined
  return of({ kind: 'account', ...about, active, status: typeof status === 'string' ? status : undefined })
}

function nowUs(): number {
  return Date.now() * 1_000
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
