import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import { hashJob } from './hash-job.ts'
import type { HashAnswer, HashJob, HashPlan } from './job.ts'
import { packJob } from './packed-job.ts'

export interface PoolOptions {
  /** The number of worker threads; by default as many as there are cores. */
  readonly threads?: number | undefined
  readonly signal?: AbortSignal | undefined
  /** Called when the digests of a job are in the plan's buffers; an error that it throws ends the run. */
  readonly onJob?: (job: HashJob) => void
}

/** Runs all jobs in worker threads that read the files themselves. Rejects with the first failure. */
export async function runJobs(
  jobs: Iterator<HashJob>,
  plan: HashPlan,
  options: PoolOptions = {},
): Promise<void> {
  options.signal?.throwIfAborted()
  const queue = lookAhead(jobs)
  const only = queue.peek(1) === null ? queue.peek(0) : null
  if (only && isSmall(only)) {
    hashJob(plan)(only)
    options.onJob?.(only)
    return
  }
  const workers: Worker[] = []
  const stop = () => Promise.all(workers.map((worker) => worker.terminate()))
  try {
    await new Promise<void>((resolve, reject) => {
      if (queue.peek(0) === null) resolve()
      options.signal?.addEventListener('abort', () => reject(options.signal?.reason), { once: true })
      let idle = 0
      const threads = options.threads ?? availableParallelism()
      while (workers.length < threads && queue.peek(0) !== null) {
        const worker = startWorker(plan)
        workers.push(worker)
        employ(worker, queue, {
          reject,
          onJob: options.onJob,
          onIdle: () => ++idle === workers.length && resolve(),
        })
      }
    })
  } catch (error) {
    await stop()
    throw error
  }
  // Idle threads hold no resources, so their end is not awaited.
  void stop()
}

interface Employment {
  readonly reject: (error: Error) => void
  readonly onJob: PoolOptions['onJob']
  readonly onIdle: () => void
}

/**
 * Keeps two jobs queued at the worker, so that it never waits for this thread. This thread drops a job at once unless a
 * callback needs it, because with a million files, objects that survive a few garbage collections add up.
 */
function employ(worker: Worker, queue: LookAhead, { reject, onJob, onIdle }: Employment): void {
  const mine: (HashJob | null)[] = []
  const give = () => {
    const job = queue.take()
    if (job === null) return
    mine.push(onJob ? job : null)
    const packed = packJob(job)
    worker.postMessage(packed, [packed.numbers.buffer])
  }
  worker.on('error', reject)
  worker.on('message', (answer: HashAnswer) => {
    if (!answer.ok) return reject(new Error(answer.message))
    const job = mine.shift()
    give()
    try {
      if (job) onJob?.(job)
    } catch (error) {
      return reject(error as Error)
    }
    if (mine.length === 0) onIdle()
  })
  give()
  give()
}

/** A single job is run by one thread in any case, and starting a thread takes longer than running a small job. */
function isSmall({ parts }: HashJob): boolean {
  return (
    parts.length < 100 &&
    parts.reduce((sum, { length, padBytes }) => sum + length + padBytes, 0) <= 4 * 2 ** 20
  )
}

interface LookAhead {
  /** The job at this index among the remaining ones, or null. It is kept from then on. */
  peek(place: number): HashJob | null
  take(): HashJob | null
}

function lookAhead(jobs: Iterator<HashJob>): LookAhead {
  const advance = (): HashJob | null => {
    const next = jobs.next()
    return next.done ? null : next.value
  }
  const ahead: (HashJob | null)[] = []
  return {
    peek(place) {
      while (ahead.length <= place) ahead.push(advance())
      return ahead[place]!
    },
    take: () => (ahead.length > 0 ? ahead.shift()! : advance()),
  }
}

function startWorker(plan: HashPlan): Worker {
  // The published build contains .js files; Node with type stripping runs the .ts files.
  const file = import.meta.url.endsWith('.ts') ? './worker.ts' : './worker.js'
  // A thread creates little garbage, which is soon collected; the larger limit is for the rare job with very many
  // files.
  const resourceLimits = { maxYoungGenerationSizeMb: 8, maxOldGenerationSizeMb: 512 }
  return new Worker(new URL(file, import.meta.url), { workerData: plan, execArgv: [], resourceLimits })
}
