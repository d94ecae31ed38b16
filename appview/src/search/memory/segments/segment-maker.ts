import { Worker } from 'node:worker_threads'
import { siblingModule } from '@holdfast/runtime/sibling-module'
import type { Catalog } from '../../../store/open.ts'
import { createSegmentMaker, type MadeSegment, type MakeSegment } from './make-segment.ts'
import { segmentSize } from './segment.ts'

export interface SegmentMaker extends AsyncDisposable {
  /** Makes one segment at a time. Rejects when the store cannot be read, and after the maker has stopped. */
  readonly make: MakeSegment
  /** The most datasets in a segment. */
  readonly capacity: number
}

/** Making a segment of so many datasets blocks this thread for a quarter of a second. */
const capacityHere = 8_192

/** Makes segments in a thread with its own connection. With PGlite, which has one connection, it uses this thread. */
export function startSegmentMaker({ db, databaseUrl }: Catalog, signal: AbortSignal): SegmentMaker {
  if (databaseUrl === undefined)
    return {
      make: createSegmentMaker(db, { capacity: capacityHere, signal }),
      capacity: capacityHere,
      [Symbol.asyncDispose]: async () => {},
    }
  const file = siblingModule('./segment-thread', import.meta.url)
  const thread = new Worker(file, { workerData: databaseUrl, execArgv: [] })
  thread.unref()
  let job: PromiseWithResolvers<MadeSegment> | undefined
  let ended: Error | undefined
  const end = (error: Error) => {
    ended ??= error
    job?.reject(ended)
  }
  thread.on('message', (answer: { made: MadeSegment } | { error: string }) => {
    if ('error' in answer) job?.reject(new Error(answer.error))
    else job?.resolve(answer.made)
  })
  thread.on('error', end)
  thread.on('exit', () => end(new Error('the thread that reads the index ended')))
  const stop = () => void thread.terminate()
  signal.addEventListener('abort', stop, { once: true })
  return {
    capacity: segmentSize,
    make(scope) {
      if (ended) return Promise.reject(ended)
      job = Promise.withResolvers()
      thread.postMessage(scope)
      return job.promise
    },
    async [Symbol.asyncDispose]() {
      signal.removeEventListener('abort', stop)
      await thread.terminate()
    },
  }
}
