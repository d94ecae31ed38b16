/**
 * Keeps an index in memory beside the store: reads every visible dataset once, then follows the changes. While there is no
 * index, the store answers all searches, and no writer ever waits for the index. Segments are always made from rows as
 * they are now: small or half deleted ones are replaced by one that is made from the same rows.
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
  /** The most memory that the index may take; a larger one is given up. */
  maxBytes: number
  /** Called when the index is complete, when it is too large, and when the store could not be read. */
  onState?: (state: MemoryIndexState) => void
}

export type MemoryIndexState =
  | { kind: 'read'; datasets: number; bytes: number; ms: number }
  | { kind: 'too-large'; datasets: number; bytes: number }
  | { kind: 'failed'; error: unknown }

export interface RunningMemoryIndex extends SearchMemory, AsyncDisposable {
  /** Resolves once the index has every change committed before the call. Used by tests and benchmarks. */
  caughtUp(): Promise<void>
}

/** Changes are kept for an hour (`maintenance.ts`); an index that did not follow for half an hour is read again. */
const longestAwayMs = 1_800_000
const retryFirstMs = 500
const retryMaxMs = 30_000
/** The store is asked for changes this often even without a notification. */
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
  /** Woken when there may be changes. */
  changed: WakeUp
  signal: AbortSignal
}

/** Reads the index and follows the changes; starts again after a failure, until stopped. Never rejects. */
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

/** Gives up an index that is too large, and waits until the program stops, because a new one would be too large again. */
async function withinBounds(index: MemoryIndex, { maxBytes, slot, onState, signal }: Keeping): Promise<void> {
  if (index.bytes <= maxBytes) return
  slot.current = undefined
  const { records, bytes } = index
  index.segments = []
  onState?.({ kind: 'too-large', datasets: records, bytes })
  await aborted(signal)
  signal.throwIfAborted()
}

/** Follows the changes. Returns when the catalog was replaced, or when the index did not follow for too long. */
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
    // With this pause the index takes at most a third of a core, and leaves the rest to writers.
    const pauseMs = 2 * (performance.now() - started)
    await wait(pauseMs, undefined, { signal, ref: false }).catch(() => {})
  }
}

/** Replaces many small segments by one, and a half deleted one by a new one. */
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
