import { siblingModule } from '@holdfast/runtime/sibling-module'
import { createThreadPool, ThreadLostError } from '../../threads/thread-pool.ts'
import type { Sampling } from './webseed-sample.ts'

export interface WebseedSampler extends AsyncDisposable {
  /** Draws pieces from a `.torrent`, whose buffer is moved to the thread. */
  sample(bytes: Uint8Array<ArrayBuffer>): Promise<Sampling>
}

/** Makes a sampler that works in a thread, since each check of a webseed parses the whole `.torrent`, which may be hostile. */
export function createWebseedSampler(): WebseedSampler {
  const pool = createThreadPool<Uint8Array, Sampling>({
    script: siblingModule('./webseed-sample-thread', import.meta.url),
    threads: 1,
    heapMb: 512,
    maxWaiting: Number.POSITIVE_INFINITY,
  })
  return {
    async sample(bytes) {
      const deadlineMs = 10_000 + bytes.length / 3_000
      try {
        return await pool.run(bytes, { deadlineMs, transfer: [bytes.buffer] })
      } catch (error) {
        if (error instanceof ThreadLostError)
          return { skipped: `the metainfo could not be read: ${error.message}` }
        throw error
      }
    },
    [Symbol.asyncDispose]: () => pool[Symbol.asyncDispose](),
  }
}
