import { type Backoff, createBackoff } from '../../runtime/backoff.ts'
import { type Frame, type FrameFilter, timeOfFrame } from '../frame/frame.ts'
import { createFrameScanner } from '../frame/scan-frame.ts'
import { type ReceiveStream, receiveStream } from '../websocket/receive-stream.ts'
import { createFrameQueue, type FrameQueue } from './frame-queue.ts'
import {
  newSourceState,
  noteConnected,
  noteDisconnected,
  noteHeard,
  type Source,
  type SourceItem,
  type SourceState,
} from './source.ts'

export interface SubscribeOptions {
  /** The `ws://` or `wss://` URL of a relay or a PDS. */
  readonly url: string
  readonly filter: FrameFilter
  /** Called with the DID of each event when it is read, before the next frame is examined. */
  readonly expect: (did: string) => () => void
  readonly authorityPrefixes: readonly string[]
  readonly userAgent?: string
  /** After this time without a frame or a pong the connection is closed; by default 60 s. */
  readonly silenceMs?: number
  readonly firstRetryMs?: number
  readonly maxRetryMs?: number
}

/** The largest message, 5 MB (atproto event stream spec). */
const maxFrameBytes = 5_000_000
const highWater = 2_000
const lowWater = 500
const progressMs = 500
const progressFrames = 10_000
const soundFrames = 64
const mostBytesForTime = 200_000
/** How many sequence numbers are read again on reconnecting, so that a host that numbers out of order costs us no event. */
const rewind = 64

/** Follows `com.atproto.sync.subscribeRepos` of one host. Frames that do not concern us are dropped in the socket's callback. */
export function subscribeRepos(options: SubscribeOptions): Source {
  const { host } = new URL(options.url)
  const state = newSourceState()
  return { host, state, read: (cursor, signal) => readForEver({ options, state, cursor, signal }) }
}

interface Reading {
  options: SubscribeOptions
  state: SourceState
  cursor: number
  signal: AbortSignal
}

async function* readForEver(reading: Reading): AsyncGenerator<SourceItem> {
  const { options, state, signal } = reading
  const backoff = createBackoff(options.firstRetryMs ?? 200, options.maxRetryMs ?? 60_000)
  let { cursor } = reading
  let reached = cursor
  while (!signal.aborted) {
    await using connection = openConnection({ reading, cursor, backoff })
    try {
      for await (const item of connection.queue) {
        state.queued = connection.queue.length
        if (item.kind === 'restart') reached = 0
        else if (item.kind === 'progress') reached = Math.max(reached, item.seq)
        else if (item.kind === 'event') reached = Math.max(reached, item.frame.seq)
        yield item
      }
    } catch (error) {
      state.error = error instanceof Error ? error.message : String(error)
    }
    cursor = Math.max(0, reached - rewind)
    if (!signal.aborted) await backoff.pause(signal)
  }
}

interface Opening {
  reading: Reading
  cursor: number
  backoff: Backoff
}

function openConnection({ reading, cursor, backoff }: Opening) {
  const { options, state, signal } = reading
  const url = new URL('/xrpc/com.atproto.sync.subscribeRepos', options.url)
  url.searchParams.set('cursor', String(cursor))
  let socket: ReceiveStream
  const queue = createFrameQueue<SourceItem>(lowWater, () => socket.resume())
  const receive = createReceiver({ options, state, queue, backoff })
  const watch = createSilenceWatch()
  socket = receiveStream({
    url,
    userAgent: options.userAgent ?? 'holdfast',
    maxMessageBytes: maxFrameBytes,
    handshakeTimeoutMs: 15_000,
    onOpen() {
      noteConnected(state)
    },
    onMessage(bytes) {
      watch.heard()
      receive.take(bytes)
      state.queued = queue.length
      if (queue.length > highWater) socket.pause()
    },
    onPong: watch.heard,
    onEnd(why) {
      receive.flush()
      noteDisconnected(state)
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

interface Receiving {
  options: SubscribeOptions
  state: SourceState
  queue: FrameQueue<SourceItem>
  backoff: Backoff
}

/** Decides on each frame as it arrives, and reports progress over skipped frames from time to time. */
function createReceiver({ options, state, queue, backoff }: Receiving) {
  const scan = createFrameScanner(options.filter, options.authorityPrefixes)
  let passed = -1
  let told = -1
  let sinceTold = 0
  let received = 0
  let timeMs: number | undefined
  let wantsTime = true
  const flush = () => {
    if (passed > told) queue.push({ kind: 'progress', seq: passed, timeMs })
    told = passed
    sinceTold = 0
  }
  let framesBefore = 0
  const timer = setInterval(() => {
    if (state.frames > framesBefore) state.lastEventAt = Date.now()
    framesBefore = state.frames
    wantsTime = true
    flush()
  }, progressMs)
  const hand = (frame: Exclude<Frame, { kind: 'skip' }>) => {
    flush()
    if (frame.kind === 'info') {
      if (frame.name === 'OutdatedCursor') queue.push({ kind: 'gap', why: frame.message || frame.name })
    } else if (frame.kind === 'error') {
      state.error = `${frame.error}: ${frame.message}`
      if (frame.error === 'FutureCursor') queue.push({ kind: 'restart', why: state.error })
      // The cursor is still valid when we were only too slow, so reconnect at once.
      if (frame.error === 'ConsumerTooSlow') backoff.reset()
      queue.end(new Error(state.error))
    } else if (frame.kind === 'malformed') queue.push(frame)
    else queue.push({ kind: 'event', frame, onSettled: options.expect(frame.did) })
  }
  return {
    flush,
    stop: () => clearInterval(timer),
    take(data: Uint8Array) {
      state.frames++
      state.bytes += data.length
      // Reset the back-off only after some frames, so that a host that always disconnects at once is not asked too often.
      if (++received === soundFrames) backoff.reset()
      // Reading the time of every frame would cost more than the frames, so it is read from time to time.
      if (wantsTime && data.length <= mostBytesForTime) {
        timeMs = noteHeard(state, timeOfFrame(data)) ?? timeMs
        wantsTime = false
      }
      const frame = scan(data)
      if (frame.kind !== 'skip') return hand(frame)
      if (frame.seq !== undefined && frame.seq > passed) passed = frame.seq
      if (++sinceTold >= progressFrames) flush()
    },
  }
}

/** Pings a quiet host, and closes the connection if it stays silent, since a half-open connection looks like a quiet host. */
function createSilenceWatch() {
  let quietQuarters = 0
  let timer: NodeJS.Timeout | undefined
  return {
    heard() {
      quietQuarters = 0
    },
    start(socket: ReceiveStream, silenceMs: number) {
      timer = setInterval(() => {
        // While we have paused the socket, nothing can arrive.
        if (socket.paused) quietQuarters = 0
        else if (++quietQuarters >= 4) socket.terminate()
        else if (quietQuarters >= 2) socket.ping()
      }, silenceMs / 4)
    },
    stop: () => clearInterval(timer),
  }
}
