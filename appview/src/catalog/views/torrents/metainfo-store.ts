/**
 * Reads and rewrites verified `.torrent` files, which may have a hundred megabytes each: they are read in slices, rewritten
 * in a thread, only a few at a time, and cached by their CID while there is space. Only the requests for them have to wait.
 * However many slow readers a file has, it is in memory once.
 */

import { siblingModule } from '@holdfast/runtime/sibling-module'
import type { Db } from '../../../store/sql.ts'
import { createThreadPool, ThreadsBusyError } from '../../../threads/thread-pool.ts'
import { readMetainfoBytes } from '../../read/metainfo.ts'
import type { ReissuePlan } from './metainfo-reissue.ts'
import type { ReissueJob } from './metainfo-reissue-thread.ts'

export interface MetainfoStore {
  /**
   * The bytes with this CID, rewritten if there is a plan; undefined when they were deleted. Rejects with
   * ThreadsBusyError when too many requests wait.
   */
  read(cid: string, plan?: ReissuePlan): Promise<Uint8Array | undefined>
}

const cacheBytes = 64_000_000
const [atOnce, mostWaiting] = [2, 64]

const stores = new WeakMap<Db, MetainfoStore>()

/** The store for a database; all interfaces share it. */
export function metainfoStoreOf(db: Db): MetainfoStore {
  let store = stores.get(db)
  if (!store) {
    store = createMetainfoStore(db)
    stores.set(db, store)
  }
  return store
}

function createMetainfoStore(db: Db): MetainfoStore {
  const cache = createByteCache(cacheBytes)
  const inUse = createInUse()
  const underWay = new Map<string, Promise<Uint8Array | undefined>>()
  const take = createSlots()
  const threads = createThreadPool<ReissueJob, Uint8Array>({
    script: siblingModule('./metainfo-reissue-thread', import.meta.url),
    threads: 1,
    heapMb: 256,
    maxWaiting: mostWaiting,
  })

  async function make(cid: string, plan: ReissuePlan | undefined): Promise<Uint8Array | undefined> {
    const bytes = await readMetainfoBytes(db, cid)
    if (!bytes || !plan) return bytes
    return threads.run({ bytes, plan }, { deadlineMs: 15_000, transfer: [bytes.buffer as ArrayBuffer] })
  }

  return {
    async read(cid, plan) {
      const key = plan ? `${cid} ${JSON.stringify(plan)}` : cid
      const kept = cache.get(key) ?? inUse.get(key)
      if (kept) return kept
      let making = underWay.get(key)
      if (!making) {
        making = take(() => make(cid, plan)).finally(() => underWay.delete(key))
        underWay.set(key, making)
      }
      const bytes = await making
      if (bytes) {
        cache.set(key, bytes)
        inUse.set(key, bytes)
      }
      return bytes
    },
  }
}

/** Runs a few tasks at a time; a limited number of others wait. */
function createSlots() {
  let running = 0
  const waiting: (() => void)[] = []
  return async <Result>(work: () => Promise<Result>): Promise<Result> => {
    if (running >= atOnce) {
      if (waiting.length >= mostWaiting) throw new ThreadsBusyError(`${waiting.length} files wait already`)
      await new Promise<void>((resolve) => waiting.push(resolve))
    } else running++
    try {
      return await work()
    } finally {
      const next = waiting.shift()
      if (next) next()
      else running--
    }
  }
}

/** Knows the files that something still uses, such as an answer to a slow reader. It does not keep them itself. */
function createInUse() {
  const buffers = new Map<string, WeakRef<ArrayBufferLike>>()
  const collected = new FinalizationRegistry<string>((key) => {
    if (buffers.get(key)?.deref() === undefined) buffers.delete(key)
  })
  return {
    get(key: string): Uint8Array | undefined {
      const buffer = buffers.get(key)?.deref()
      return buffer && new Uint8Array(buffer)
    },
    /** The bytes must be all of their buffer. */
    set(key: string, { buffer }: Uint8Array): void {
      if (buffers.get(key)?.deref() === buffer) return
      buffers.set(key, new WeakRef(buffer))
      collected.register(buffer, key)
    },
  }
}

/** A cache of the last used values, up to `maxBytes`, except values that would take half of that. */
function createByteCache(maxBytes: number) {
  const entries = new Map<string, Uint8Array>()
  let keptBytes = 0
  return {
    get(key: string): Uint8Array | undefined {
      const found = entries.get(key)
      if (found) {
        entries.delete(key)
        entries.set(key, found)
      }
      return found
    },
    set(key: string, bytes: Uint8Array): void {
      if (bytes.length > maxBytes / 2 || entries.has(key)) return
      entries.set(key, bytes)
      keptBytes += bytes.length
      for (const [oldest, { length }] of entries) {
        if (keptBytes <= maxBytes) return
        entries.delete(oldest)
        keptBytes -= length
      }
    },
  }
}
