/**
 * Reads a stream once and sends it to thousands of connections.
 *
 * Events are read from the database once, in the order of `seq`, framed once, and kept in memory for a while.
 * Each consumer has its own position and is sent the events after it, from memory if that reaches back far enough,
 * otherwise from the database. No consumer waits for another: one whose socket is full is skipped until it drains, and
 * is disconnected when that takes too long. Nothing is lost either way, since a position moves only when events were
 * written to the socket, and a disconnected client connects again with the last `seq` it handled.
 */

import type { StreamHead } from '../../catalog/views/stream-reads.ts'
import { createLimiter } from '../../runtime/limiter.ts'
import type { Catalog } from '../../store/open.ts'
import { createRecent, type Recent, type StreamEntry } from './recent.ts'

/** Reads one stream and encodes its events as frames, so that the broadcast need not know any lexicon. */
export interface StreamSource {
  /** The channel of NOTIFY that announces new events. */
  readonly channel: string
  head(): Promise<StreamHead>
  /** The highest sequence number that was deleted because of its age. */
  prunedTo(): Promise<number>
  read(after: number, limit: number, epoch: string): Promise<StreamEntry[]>
}

export interface Broadcast extends AsyncDisposable {
  readonly source: StreamSource
  /** Adds a consumer. Resolves with the stream's current head; from then on new events are read. */
  join(consumer: Consumer): Promise<StreamHead>
  leave(consumer: Consumer): void
  /** The next bytes after `position`, and the position after them; undefined when there is nothing new, or the consumer left. */
  next(consumer: Consumer, position: number): Promise<Step | undefined>
  /** The newest batch as one buffer, shared by all consumers whose position is just before it. */
  sharedBatch(position: number): SharedBatch | undefined
  readonly epoch: string
}

export interface Step {
  entries: readonly StreamEntry[]
  /** The position after this step; beyond the last entry if later events were purged. */
  position: number
}

export interface SharedBatch {
  after: number
  tail: number
  bytes: Buffer
}

/** One connection of the broadcast. */
export interface Consumer {
  /** Called when there are new events, when the epoch has changed, and when the broadcast ends. */
  wake(): void
  end(): void
}

export interface BroadcastOptions {
  catalog: Catalog
  source: StreamSource
  /** Called when a read failed; it is tried again. */
  onError: (error: unknown) => void
  /** How often to read without a notification, which may be lost with its connection. */
  pollMs?: number
  recent?: { entries: number; bytes: number }
}

/** How many events are read at once; each may have a megabyte. */
const batchEvents = 100
/** How many bytes are given to one consumer at a time. */
export const chunkBytes = 64_000

/** Starts the broadcast of a stream; it reads only while there are consumers. */
export async function startBroadcast(options: BroadcastOptions): Promise<Broadcast> {
  const { source } = options
  const consumers = new Set<Consumer>()
  const limits = options.recent ?? { entries: 20_000, bytes: 32_000_000 }
  const recent = createRecent(limits)
  const replays = createLimiter(8)
  let shared: SharedBatch | undefined
  let standing = await source.head()
  let isIdle = true

  const wakeAll = () => {
    for (const consumer of consumers) consumer.wake()
  }

  async function follow(): Promise<void> {
    if (consumers.size === 0) {
      isIdle = true
      return
    }
    const head = await source.head()
    // Events from a time without consumers are not read for all; clients that ask for them get them as a replay.
    if (isIdle || head.epoch !== standing.epoch || head.seq - recent.tail > limits.entries) {
      recent.reset(head.seq)
      shared = undefined
      isIdle = false
    }
    standing = head
    wakeAll()
    while (recent.tail < head.seq && consumers.size > 0) {
      const after = recent.tail
      const entries = await source.read(after, batchEvents, head.epoch)
      recent.add(entries)
      if (entries.length < batchEvents) recent.skipTo(head.seq)
      shared = { after, tail: recent.tail, bytes: Buffer.concat(entries.map((entry) => entry.frame)) }
      wakeAll()
    }
  }

  const following = createSerial(follow, options.onError)
  const listening = await options.catalog.listen(source.channel, following.run)
  const poll = setInterval(following.run, options.pollMs ?? 1_000).unref()

  return {
    source,
    get epoch() {
      return standing.epoch
    },
    async join(consumer) {
      consumers.add(consumer)
      await following.fresh()
      return standing
    },
    leave: (consumer) => void consumers.delete(consumer),
    next: (consumer, position) => {
      const isThere = () => consumers.has(consumer)
      return readAfter({ position, isThere, recent, source, replays, epoch: () => standing.epoch })
    },
    sharedBatch: (position) => (shared?.after === position ? shared : undefined),
    async [Symbol.asyncDispose]() {
      clearInterval(poll)
      await listening[Symbol.asyncDispose]()
      for (const consumer of consumers) consumer.end()
      await following.settled()
    },
  }
}

async function readAfter(from: {
  position: number
  isThere: () => boolean
  recent: Recent
  source: StreamSource
  replays: ReturnType<typeof createLimiter>
  epoch: () => string
}): Promise<Step | undefined> {
  const { position, recent } = from
  if (position >= recent.tail) return undefined
  if (position < recent.after) {
    // Do not read for a consumer that has left while it waited.
    const read = async () => (from.isThere() ? from.source.read(position, batchEvents, from.epoch()) : [])
    const entries = await from.replays(read)
    if (!from.isThere()) return undefined
    const last = entries.at(-1)
    if (last) return { entries, position: last.seq }
  }
  const start = Math.max(position, recent.after)
  const entries = recent.read(start, chunkBytes)
  return { entries, position: entries.at(-1)?.seq ?? recent.tail }
}

/** Runs a task, never twice at once; when it is asked for while it runs, it runs once more afterwards. */
function createSerial(task: () => Promise<void>, onError: (error: unknown) => void) {
  let waiting: Promise<void> | undefined
  let last: Promise<unknown> = Promise.resolve()
  /** Resolves, or rejects, with a run that began after this call. */
  const fresh = (): Promise<void> => {
    if (waiting) return waiting
    const run = last.then(() => {
      waiting = undefined
      return task()
    })
    waiting = run
    last = run.catch(() => {})
    return run
  }
  return { fresh, run: () => void fresh().catch(onError), settled: () => last }
}
