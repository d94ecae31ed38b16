/**
 * One reader of a stream fans out to thousands of connections.
 *
 * Events are read from the database once, in the order of `seq`, framed once, and kept in memory for a while.
 * Each consumer has a position of its own and is sent what comes after it: from memory where that reaches back
 * far enough, else from the database. Nobody waits for anybody: a consumer whose socket is full is passed over
 * until it drains, and is cut off when that takes too long. Nothing is lost either way, since the position only
 * moves with what was written, and a client that was cut off connects again with the last `seq` it handled.
 */
import type { Catalog } from '../../catalog/open.ts'
import type { StreamHead } from '../../catalog/views/stream-reads.ts'
import { createLimit } from './limit.ts'
import { createRecent, type Recent, type StreamEntry } from './recent.ts'

/** How a stream is read; `Event`s become frames here, so that the rest knows no lexicon. */
export interface StreamSource {
  /** Notified at each commit that appends. */
  readonly channel: string
  head(): Promise<StreamHead>
  /** The highest sequence number forgotten because of its age. */
  prunedTo(): Promise<number>
  read(after: number, limit: number, epoch: string): Promise<StreamEntry[]>
}

export interface Broadcast extends AsyncDisposable {
  readonly source: StreamSource
  /** Resolves with where the stream stands now; from then on the reader follows it. */
  join(consumer: Consumer): Promise<StreamHead>
  leave(consumer: Consumer): void
  /** What to send next after `position`, and the position then; undefined when there is nothing yet. */
  next(position: number): Promise<Step | undefined>
  /** One buffer shared by everybody who stands just before the newest batch. */
  sharedBatch(position: number): SharedBatch | undefined
  readonly epoch: string
}

export interface Step {
  entries: readonly StreamEntry[]
  /** Beyond the last entry where what lay between was purged. */
  position: number
}

export interface SharedBatch {
  after: number
  tail: number
  bytes: Buffer
}

/** Somebody who listens. */
export interface Consumer {
  /** There is something new, the epoch is another one, or the end has come. */
  wake(): void
  end(): void
}

export interface BroadcastOptions {
  catalog: Catalog
  source: StreamSource
  /** Told of a read that failed; it is tried again. */
  onError: (error: unknown) => void
  /** How often to look without being notified: a notification may be lost with its connection. */
  pollMs?: number
  recent?: { entries: number; bytes: number }
}

/** A record may have a megabyte: so many of them at once must not matter. */
const batchEvents = 100
/** Bytes handed to one consumer at a time. */
export const chunkBytes = 64_000

/** Starts following a stream; it reads only while somebody listens. */
export async function startBroadcast(options: BroadcastOptions): Promise<Broadcast> {
  const { source } = options
  const consumers = new Set<Consumer>()
  const recent = createRecent(options.recent ?? { entries: 20_000, bytes: 32_000_000 })
  const replays = createLimit(8)
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
    if (isIdle || head.epoch !== standing.epoch) {
      recent.reset(head.seq)
      shared = undefined
      isIdle = false
    }
    standing = head
    wakeAll()
    while (recent.tail < head.seq) {
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
    next: (position) => readAfter({ position, recent, source, replays, epoch: () => standing.epoch }),
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
  recent: Recent
  source: StreamSource
  replays: ReturnType<typeof createLimit>
  epoch: () => string
}): Promise<Step | undefined> {
  const { position, recent } = from
  if (position >= recent.tail) return undefined
  if (position < recent.after) {
    const entries = await from.replays(() => from.source.read(position, batchEvents, from.epoch()))
    const last = entries.at(-1)
    if (last) return { entries, position: last.seq }
  }
  const start = Math.max(position, recent.after)
  const entries = recent.read(start, chunkBytes)
  return { entries, position: entries.at(-1)?.seq ?? recent.tail }
}

/** Runs a task again if it is asked for while it runs, never twice at once. */
function createSerial(task: () => Promise<void>, onError: (error: unknown) => void) {
  let waiting: Promise<void> | undefined
  let last: Promise<unknown> = Promise.resolve()
  /** Resolves when a run has ended that began after this was called; rejects as that run did. */
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
