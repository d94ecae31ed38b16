/**
 * Holds an index in memory beside the store: reads every visible dataset once, then follows what changes. It may be away
 * at any time (searches go to the store) and never holds back a writer. Segments are made in one way only, from rows as
 * they are now; small or half deleted ones are made again, together.
 */

import { setTimeout as wait } from 'node:timers/promises'
import { aborted } from '../../runtime/aborted.ts'
import { createWakeUp, type WakeUp } from '../../runtime/wake-up.ts'
import { channels } from '../../store/channels.ts'
import type { Catalog } from '../../store/open.ts'
import { chooseToMerge } from './choose-to-merge.ts'
import { type LiveSegment, MemoryIndex } from './memory-index.ts'
import { readPosition, readSearchChanges, type StorePosition } from './search-changes.ts'
import type { SearchMemory } from './search-memory.ts'
import { type SegmentMaker, startSegmentMaker } from './segments/segment-maker.ts'
import { readCounts } from './segments/segment-rows.ts'

export interface MemoryIndexOptions {
  catalog: Catalog
  /** What the index may weigh; beyond it there is none. */
  maxBytes: number
  /** Told when there is an index, when there cannot be one, and when the store could not be read. */
  onState?: (state: MemoryIndexState) => void
}

export type MemoryIndexState =
  | { kind: 'read'; datasets: number; bytes: number; ms: number }
  | { kind: 'too-large'; datasets: number; bytes: number }
  | { kind: 'failed'; error: unknown }

export interface RunningMemoryIndex extends SearchMemory, AsyncDisposable {
  /** Resolves once all that was committed before is taken in; for tests and benchmarks. */
  caughtUp(): Promise<void>
}

/** Changes are kept for an hour (`maintenance.ts`): an index that did not follow for half of that begins anew. */
const longestAwayMs = 1_800_000
const retryFirstMs = 500
const retryMaxMs = 30_000
/** Without being told of a change, the store is asked all the same. */
const longestWaitMs = 10_000
const pollMs = 10

export async function startMemoryIndex(options: MemoryIndexOptions): Promise<RunningMemoryIndex> {
  const { catalog } = options
  const stop = new AbortController()
  const changed = createWakeUp(stop.signal)
  const listening = await catalog.listen(channels.search, () => changed.now())
  const slot: Slot = { current: undefined }
  const running = keepIndex({ ...options, slot, changed, signal: stop.signal })
  return {
    current: () => slot.current,
    async caughtUp() {
      const wanted = await readPosition(catalog.db)
      const isThere = () =>
        slot.current &&
        slot.current.position.table === wanted.table &&
        slot.current.position.before >= wanted.before
      while (!isThere() && !stop.signal.aborted) {
        changed.now()
        await wait(pollMs)
      }
    },
    async [Symbol.asyncDispose]() {
      stop.abort()
      await running
      await listening[Symbol.asyncDispose]()
    },
  }
}

interface Slot {
  current: { index: MemoryIndex; position: StorePosition } | undefined
}

interface Keeping extends MemoryIndexOptions {
  slot: Slot
  /** Called when there may be something to take in. */
  changed: WakeUp
  signal: AbortSignal
}

/** Reads the index and follows, again and again until stopped. Never rejects. */
async function keepIndex(keeping: Keeping): Promise<void> {
  const { catalog, slot, signal, onState } = keeping
  for (let retryMs = retryFirstMs; !signal.aborted; retryMs = Math.min(2 * retryMs, retryMaxMs)) {
    await using maker = startSegmentMaker(catalog, signal)
    try {
      await readAll(keeping, maker)
      retryMs = retryFirstMs
      await follow(keeping, maker)
    } catch (error) {
      if (!signal.aborted) onState?.({ kind: 'failed', error })
    }
    slot.current = undefined
    await wait(retryMs, undefined, { signal, ref: false }).catch(() => {})
  }
}

async function readAll(keeping: Keeping, maker: SegmentMaker): Promise<void> {
  const { catalog, slot, signal, onState } = keeping
  const started = performance.now()
  const index = new MemoryIndex()
  const position = await readPosition(catalog.db)
  for (let after = 0, isFull = true; isFull; ) {
    signal.throwIfAborted()
    const made = await maker.make({ after })
    index.add(made)
    isFull = made.isFull
    after = made.segment.columns.id.at(-1) ?? after
    await withinBounds(index, keeping)
  }
  slot.current = { index, position }
  const ms = performance.now() - started
  onState?.({ kind: 'read', datasets: index.records, bytes: index.bytes, ms })
}

/** Where the index is too large, waits for the end: it would only grow again. */
async function withinBounds(index: MemoryIndex, { maxBytes, slot, onState, signal }: Keeping): Promise<void> {
  if (index.bytes <= maxBytes) return
  slot.current = undefined
  const { records, bytes } = index
  index.segments = []
  onState?.({ kind: 'too-large', datasets: records, bytes })
  await aborted(signal)
  signal.throwIfAborted()
}

/** Returns where the index is of another catalog, or was away for too long. */
async function follow(keeping: Keeping, maker: SegmentMaker): Promise<void> {
  const { catalog, slot, changed, signal } = keeping
  for (let lastAt = performance.now(); ; lastAt = performance.now()) {
    await changed.wait(longestWaitMs)
    const { index, position } = slot.current!
    const started = performance.now()
    if (signal.aborted || started - lastAt > longestAwayMs) return
    const changes = await readSearchChanges(catalog.db, position)
    if (changes.position.table !== position.table) return
    for (let from = 0; from < changes.found.length; from += maker.capacity) {
      const ids = changes.found.slice(from, from + maker.capacity)
      const made = await maker.make({ ids })
      index.remove(ids)
      index.add(made)
    }
    index.setCounts(await readCounts(catalog.db, changes.counted))
    slot.current = { index, position: changes.position }
    await mergeSegments(index, maker)
    await withinBounds(index, keeping)
    // Whoever writes is to have the machine first: this takes a third of a core at most.
    const pauseMs = 2 * (performance.now() - started)
    await wait(pauseMs, undefined, { signal, ref: false }).catch(() => {})
  }
}

/** Makes one segment of many small ones, and makes anew one that is half deleted. */
async function mergeSegments(index: MemoryIndex, maker: SegmentMaker): Promise<void> {
  for (;;) {
    const together = chooseToMerge(index.segments, maker.capacity)
    if (together.length === 0) return
    index.add(await maker.make({ ids: together.flatMap(liveIds) }), together)
  }
}

function liveIds({ columns, deleted }: LiveSegment): number[] {
  return [...columns.id.filter((_, doc) => deleted[doc] === 0)]
}
