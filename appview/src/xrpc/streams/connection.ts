import type { Socket } from 'node:net'
import type { WebSocket } from 'ws'
import { CallerError } from '../caller-error.ts'
import type { Broadcast, Consumer } from './broadcast.ts'
import type { StreamEntry, StreamFacts } from './recent.ts'
import { encodeMessage } from './wire.ts'

export interface ConnectionOptions {
  ws: WebSocket
  /** The socket of `ws`. Whole frames, which all clients share, are written to it directly. */
  socket: Socket
  signal: AbortSignal
  cursor: number | undefined
  epoch: string | undefined
  /** Which events to send; undefined for all. */
  filter: ((facts: StreamFacts) => boolean) | undefined
  /** How long a full socket may take to drain before the client is disconnected. */
  stallMs?: number
}

/** When more bytes than this wait in a socket, nothing more is written to it; a thousand full sockets use some 150 MB. */
const highWaterBytes = 128_000
const pingMs = 30_000

/**
 * Sends a stream to one client until either hangs up.
 *
 * @throws CallerError FutureCursor, ConsumerTooSlow
 */
export async function runConnection(broadcast: Broadcast, options: ConnectionOptions): Promise<void> {
  const { socket, signal } = options
  const bell = createBell()
  let hasEnded = false
  const end = () => {
    hasEnded = true
    broadcast.leave(consumer)
    bell.ring()
  }
  const consumer: Consumer = { wake: bell.ring, end }
  signal.addEventListener('abort', end, { once: true })
  if (signal.aborted) end()
  const heartbeat = startHeartbeat(options.ws)
  try {
    const head = await broadcast.join(consumer)
    let epoch = head.epoch
    let position = await begin(broadcast, options, head)
    while (!hasEnded) {
      if (broadcast.epoch !== epoch) {
        const now = await broadcast.source.head()
        epoch = now.epoch
        position = now.seq
        socket.write(
          info(epoch, position, 'EpochChanged', 'The index was rebuilt: begin again from a listing.'),
        )
      }
      const shared = options.filter ? undefined : broadcast.sharedBatch(position)
      const step = shared ? undefined : await broadcast.next(consumer, position)
      if (shared) {
        if (shared.bytes.length > 0) socket.write(shared.bytes)
      } else if (step) writeMatching(socket, step.entries, options.filter)
      else await bell.rung()
      position = shared?.tail ?? step?.position ?? position
      if (socket.writableLength > highWaterBytes) await drained(options, () => hasEnded)
    }
  } finally {
    broadcast.leave(consumer)
    heartbeat.stop()
    signal.removeEventListener('abort', end)
  }
}

/** Sends the first message, which says where the client begins. */
async function begin(
  broadcast: Broadcast,
  options: ConnectionOptions,
  head: { seq: number; epoch: string },
): Promise<number> {
  const { cursor, epoch, socket } = options
  const isOfAnotherEpoch = epoch !== undefined && epoch !== head.epoch
  if (cursor !== undefined && cursor > head.seq && !isOfAnotherEpoch) {
    throw new CallerError(
      'FutureCursor',
      `The cursor ${cursor} is ahead of this stream, which has reached ${head.seq} of epoch ${head.epoch}. Begin again from a listing.`,
    )
  }
  const position = isOfAnotherEpoch ? head.seq : (cursor ?? head.seq)
  socket.write(info(head.epoch, position, 'Hello', 'Messages after this sequence number follow.'))
  if (isOfAnotherEpoch) {
    socket.write(
      info(head.epoch, position, 'EpochChanged', `The epoch ${epoch} is over: begin again from a listing.`),
    )
  } else if (cursor !== undefined && cursor < (await broadcast.source.prunedTo())) {
    socket.write(
      info(
        head.epoch,
        position,
        'OutdatedCursor',
        'Changes after the cursor are older than the replay reaches: begin again from a listing.',
      ),
    )
  }
  return position
}

function info(epoch: string, seq: number, name: string, message: string): Buffer {
  return encodeMessage('#info', { seq, epoch, time: new Date().toISOString(), name, message })
}

function writeMatching(
  socket: Socket,
  entries: readonly StreamEntry[],
  filter: ConnectionOptions['filter'],
): void {
  const frames = entries.filter(
    ({ facts, frame }) => frame.length > 0 && (!filter || facts.always || filter(facts)),
  )
  if (frames.length > 0)
    socket.write(frames.length === 1 ? frames[0]!.frame : Buffer.concat(frames.map(({ frame }) => frame)))
}

/** Waits until the socket has room. @throws CallerError ConsumerTooSlow */
async function drained(
  { socket, ws, stallMs = 30_000, signal }: ConnectionOptions,
  hasEnded: () => boolean,
): Promise<void> {
  const isDrained = await new Promise<boolean>((resolve) => {
    const settle = (value: boolean) => () => {
      clearTimeout(timer)
      socket.off('drain', onDrain).off('close', onClose)
      signal.removeEventListener('abort', onClose)
      resolve(value)
    }
    const onDrain = settle(true)
    const onClose = settle(true)
    const timer = setTimeout(settle(false), stallMs)
    socket.on('drain', onDrain).on('close', onClose)
    signal.addEventListener('abort', onClose, { once: true })
  })
  if (isDrained || hasEnded()) return
  // The error frame is queued behind unread data, so the client gets a moment to read it.
  setTimeout(() => ws.terminate(), 5_000).unref()
  throw new CallerError(
    'ConsumerTooSlow',
    'The client did not keep up. Connect again with the last sequence number that was handled.',
  )
}

/** Sends pings, and disconnects a client that no longer answers them. */
function startHeartbeat(ws: WebSocket) {
  let isAlive = true
  const onPong = () => {
    isAlive = true
  }
  ws.on('pong', onPong)
  const timer = setInterval(() => {
    if (!isAlive) return ws.terminate()
    isAlive = false
    if (ws.readyState === ws.OPEN) ws.ping()
  }, pingMs).unref()
  return {
    stop() {
      clearInterval(timer)
      ws.off('pong', onPong)
    },
  }
}

/** A wait that `ring` ends; a ring while nobody waits ends the next wait. */
function createBell() {
  let hasRung = false
  let wake: (() => void) | undefined
  return {
    ring() {
      hasRung = true
      wake?.()
    },
    async rung(): Promise<void> {
      if (!hasRung) await new Promise<void>((resolve) => (wake = resolve))
      hasRung = false
      wake = undefined
    },
  }
}
