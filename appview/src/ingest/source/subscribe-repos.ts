import type { Frame, FrameFilter } from '../frame/frame.ts'
import { createFrameScanner } from '../frame/scan-frame.ts'
import { type ReceiveStream, receiveStream } from '../websocket/receive-stream.ts'
import { type Backoff, createBackoff } from './backoff.ts'
import { createFrameQueue, type FrameQueue } from './frame-queue.ts'
import { newSourceState, type Source, type SourceItem, type SourceState } from './source.ts'

export type SubscribeOptions = {
  /** `ws://` or `wss://`, of a relay or a PDS. */
  readonly url: string
  readonly filter: FrameFilter
  /** Told of a repository at once when an event of it is read, before the next frame is looked at. */
  readonly expect: (did: string) => () => void
  readonly authorityPrefixes: readonly string[]
  readonly userAgent?: string
  /** Without a frame or a pong for so long, the connection counts as dead. Default 60 s. */
  readonly silenceMs?: number
  readonly firstRetryMs?: number
  readonly maxRetryMs?: number
}

/** A message carries at most 5 MB (atproto event stream spec). */
const MAX_FRAME_BYTES = 5_000_000
const HIGH_WATER = 2_000
const LOW_WATER = 500
const PROGRESS_MS = 500
const PROGRESS_FRAMES = 10_000
const SOUND_FRAMES = 64
/** Read again on reconnecting: a host that numbers out of order must not cost us an event. */
const REWIND = 64

/** Follows `com.atproto.sync.subscribeRepos` of one host. What has nothing for us never leaves the socket's callback. */
export function subscribeRepos(options: SubscribeOptions): Source {
  const { host } = new URL(options.url)
  const state = newSourceState()
  return { host, state, read: (cursor, signal) => readForEver({ options, state, cursor, signal }) }
}

type Reading = { options: SubscribeOptions; state: SourceState; cursor: number; signal: AbortSignal }

async function* readForEver(reading: Reading): AsyncGenerator<SourceItem> {
  const { options, state, signal } = reading
  const backoff = createBackoff(options.firstRetryMs ?? 200, options.maxRetryMs ?? 60_000)
  let { cursor } = reading
  let reached = cursor
  while (!signal.aborted) {
    await using connection = openConnection({ reading, cursor, backoff })
    try {
      for await (const item of connection.queue) {
        if (item.kind === 'restart') reached = 0
        else if (item.kind === 'progress') reached = Math.max(reached, item.seq)
        else if (item.kind === 'event') reached = Math.max(reached, item.frame.seq)
        yield item
      }
    } catch (error) {
      state.error = error instanceof Error ? error.message : String(error)
    }
    cursor = Math.max(0, reached - REWIND)
    if (!signal.aborted) await backoff.pause(signal)
  }
}

type Opening = { reading: Reading; cursor: number; backoff: Backoff }

function openConnection({ reading, cursor, backoff }: Opening) {
  const { options, state, signal } = reading
  const url = new URL('/xrpc/com.atproto.sync.subscribeRepos', options.url)
  url.searchParams.set('cursor', String(cursor))
  let socket: ReceiveStream
  const queue = createFrameQueue<SourceItem>(LOW_WATER, () => socket.resume())
  const receive = createReceiver({ options, state, queue, backoff })
  const watch = createSilenceWatch()
  socket = receiveStream({
    url,
    userAgent: options.userAgent ?? 'holdfast',
    maxMessageBytes: MAX_FRAME_BYTES,
    handshakeTimeoutMs: 15_000,
    onOpen() {
      state.connected = true
      state.connects++
    },
    onMessage(bytes) {
      watch.heard()
      receive.take(bytes)
      if (queue.length > HIGH_WATER) socket.pause()
    },
    onPong: watch.heard,
    onEnd(why) {
      state.connected = false
      receive.flush()
      receive.stop()
      watch.stop()
      queue.end(new Error(`${options.url}: ${why}`))
    },
  })
  watch.start(socket, options.silenceMs ?? 60_000)
  const abort = () => socket.terminate()
  signal.addEventListener('abort', abort, { once: true })
  if (signal.aborted) abort()
  return {
    queue,
    async [Symbol.asyncDispose]() {
      signal.removeEventListener('abort', abort)
      queue.end()
      socket.terminate()
    },
  }
}

type Receiving = {
  options: SubscribeOptions
  state: SourceState
  queue: FrameQueue<SourceItem>
  backoff: Backoff
}

/** Decides on each frame as it comes; progress over what was passed is told now and then. */
function createReceiver({ options, state, queue, backoff }: Receiving) {
  const scan = createFrameScanner(options.filter, options.authorityPrefixes)
  let passed = -1
  let told = -1
  let sinceTold = 0
  let received = 0
  const flush = () => {
    if (passed > told) queue.push({ kind: 'progress', seq: passed })
    told = passed
    sinceTold = 0
  }
  let framesBefore = 0
  const timer = setInterval(() => {
    if (state.frames > framesBefore) state.lastEventAt = Date.now()
    framesBefore = state.frames
    flush()
  }, PROGRESS_MS)
  const hand = (frame: Exclude<Frame, { kind: 'skip' }>) => {
    flush()
    if (frame.kind === 'info') {
      if (frame.name === 'OutdatedCursor') queue.push({ kind: 'gap', why: frame.message || frame.name })
    } else if (frame.kind === 'error') {
      state.error = `${frame.error}: ${frame.message}`
      if (frame.error === 'FutureCursor') queue.push({ kind: 'restart', why: state.error })
      // The cursor is sound when we were only too slow: go on at once.
      if (frame.error === 'ConsumerTooSlow') backoff.reset()
      queue.end(new Error(state.error))
    } else if (frame.kind === 'malformed') queue.push(frame)
    else queue.push({ kind: 'event', frame, decided: options.expect(frame.did) })
  }
  return {
    flush,
    stop: () => clearInterval(timer),
    take(data: Uint8Array) {
      state.frames++
      state.bytes += data.length
      // A host that talks for a while is sound; one that hangs up after each hello is not hurried after.
      if (++received === SOUND_FRAMES) backoff.reset()
      const frame = scan(data)
      if (frame.kind !== 'skip') return hand(frame)
      if (frame.seq !== undefined && frame.seq > passed) passed = frame.seq
      if (++sinceTold >= PROGRESS_FRAMES) flush()
    },
  }
}

/** Pings a quiet host, and gives up on one that stays silent: a half-open connection looks like a quiet one. */
function createSilenceWatch() {
  let quietQuarters = 0
  let timer: NodeJS.Timeout | undefined
  return {
    heard() {
      quietQuarters = 0
    },
    start(socket: ReceiveStream, silenceMs: number) {
      timer = setInterval(() => {
        // Held back by us, the host cannot be heard.
        if (socket.paused) quietQuarters = 0
        else if (++quietQuarters >= 4) socket.terminate()
        else if (quietQuarters >= 2) socket.ping()
      }, silenceMs / 4)
    },
    stop: () => clearInterval(timer),
  }
}
