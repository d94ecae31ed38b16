import { IdResolver, MemoryCache } from '@atproto/identity'
import type { Cid } from '@atproto/lex-data'
import { blocksToCarFile } from '@atproto/repo'
import type { Event, Firehose, FirehoseOptions } from '@atproto/sync'
import { type CidKey, cidKeyFromLex } from '../cid-key.ts'
import type { FrameFilter, ProvedFrame, RepoFrame } from '../frame/frame.ts'
import { readCommitBlock } from '../verify/commit-block.ts'
import type { Wanted } from '../wanted.ts'
import { createFrameQueue, type FrameQueue } from './frame-queue.ts'
import {
  newSourceState,
  noteConnected,
  noteHeard,
  type Source,
  type SourceItem,
  type SourceState,
} from './source.ts'

export interface ReferenceOptions {
  readonly url: string
  readonly wanted: Wanted
  readonly filter: FrameFilter
  readonly plcUrl: string
}

/**
 * The reader of `@atproto/sync` behind our interface, as a reference for comparison. It verifies commits itself, one at a
 * time, has no backpressure, and does not pass on `since` and `prevData`; an event that fails in it is counted and skipped.
 */
export function readByReference(options: ReferenceOptions): Source {
  const { host } = new URL(options.url)
  const state = newSourceState()
  return {
    host,
    state,
    async *read(cursor, signal) {
      const queue = createFrameQueue<SourceItem>(0, () => {})
      const firehose = await openFirehose({ options, state, queue, cursor })
      const running = firehose.start()
      signal.addEventListener('abort', () => queue.end(), { once: true })
      try {
        yield* { [Symbol.asyncIterator]: () => queue[Symbol.asyncIterator]() }
      } finally {
        await firehose.destroy()
        await running.catch(() => {})
      }
    },
  }
}

interface Opening {
  options: ReferenceOptions
  state: SourceState
  queue: FrameQueue<SourceItem>
  cursor: number
}

async function openFirehose({ options, state, queue, cursor }: Opening): Promise<Firehose> {
  // Only those who select this reader install the package, which brings a compiler along.
  const { Firehose } = await import('@atproto/sync')
  let gathered: Event[] = []
  let tail = Promise.resolve()
  // The reader passes each message to its runner as a task; running them one after the other keeps their order.
  const runner = {
    getCursor: async () => cursor,
    trackEvent(did: string, seq: number, task: () => Promise<void>) {
      if (!state.connected) noteConnected(state)
      state.frames++
      state.lastEventAt = Date.now()
      const run = async () => {
        gathered = []
        await task()
        const frame = await toFrame(did, seq, gathered)
        noteHeard(state, gathered[0]?.time)
        if (frame && (frame.kind === 'proved' || options.filter.tracks(did))) {
          queue.push({ kind: 'event', frame, onSettled: () => {} })
        } else queue.push({ kind: 'progress', seq })
      }
      tail = tail.then(run, run)
      return tail
    },
  }
  const resolver = new IdResolver({
    plcUrl: options.plcUrl,
    didCache: new MemoryCache(),
    fetch: globalThis.fetch,
  })
  return new Firehose({
    service: options.url,
    idResolver: resolver,
    runner: runner as unknown as NonNullable<FirehoseOptions['runner']>,
    filterCollections: [...options.wanted.nsids],
    unauthenticatedHandles: true,
    handleEvent: async (event) => void gathered.push(event),
    onError(error) {
      state.error = error.message
      queue.push({ kind: 'malformed', reason: error.message })
    },
  })
}

async function toFrame(did: string, seq: number, events: readonly Event[]): Promise<RepoFrame | undefined> {
  const [first] = events
  if (!first) return undefined
  const about = { did, seq, time: first.time }
  if (first.event === 'identity') return { kind: 'identity', ...about, handle: first.handle }
  if (first.event === 'account')
    return { kind: 'account', ...about, active: first.active, status: first.status }
  if (first.event === 'sync') {
    const blocks = new Uint8Array(await blocksToCarFile(first.cid, first.blocks))
    return { kind: 'sync', ...about, rev: first.rev, blocks }
  }
  const block = first.blocks.get(first.commit)
  if (!block) return undefined
  const changes = events.flatMap((event): ProvedFrame['changes'] => {
    const path = 'collection' in event ? `${event.collection}/${event.rkey}` : ''
    if (event.event === 'delete') return [{ path, cid: null }]
    if (event.event !== 'create' && event.event !== 'update') return []
    const record = event.blocks.get(event.cid)
    return record ? [{ path, cid: keyOf(event.cid), record }] : []
  })
  return { kind: 'proved', ...about, rev: first.rev, data: readCommitBlock(block).data, changes }
}

function keyOf(cid: Cid): CidKey {
  return cidKeyFromLex(cid)!
}
