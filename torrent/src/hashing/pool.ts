import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import type { HashAnswer, HashJob, HashPlan } from './job.ts'

export interface PoolOptions {
  /** Worker threads; as many as there are cores by default. */
  readonly threads?: number | undefined
  readonly signal?: AbortSignal | undefined
  /** Called when the pieces of a job stand in the plan's buffers. */
  readonly onJob?: (job: HashJob) => void
}

/** Does all jobs in worker threads that read the files themselves. Rejects with the first failure. */
export async function runJobs(
  jobs: Iterator<HashJob>,
  plan: HashPlan,
  options: PoolOptions = {},
): Promise<void> {
  const { signal, onJob } = options
  signal?.throwIfAborted()
  const workers: Worker[] = []
  const first = jobs.next()
  if (first.done) return
  const queue = continueWith(first.value, jobs)
  try {
    await new Promise<void>((resolve, reject) => {
      signal?.addEventListener('abort', () => reject(signal.reason), { once: true })
      let running = 0
      for (let i = 0; i < (options.threads ?? availableParallelism()); i++) {
        // Two jobs at a time, so that none waits for this thread between them.
        const mine: HashJob[] = []
        const giveOne = (): boolean => {
          const next = queue.next()
          if (next.done) return false
          mine.push(next.value)
          worker.postMessage(next.value)
          return true
        }
        const peek = queue.next()
        if (peek.done) break
        const worker = startWorker(plan)
        workers.push(worker)
        mine.push(peek.value)
        worker.postMessage(peek.value)
        giveOne()
        running++
        worker.on('error', reject)
        worker.on('message', (answer: HashAnswer) => {
          if (!answer.ok) return reject(new Error(answer.message))
          const job = mine.shift()!
          onJob?.(job)
          if (!giveOne() && mine.length === 0 && --running === 0) resolve()
        })
      }
    })
  } finally {
    await Promise.all(workers.map((worker) => worker.terminate()))
  }
}

function startWorker(plan: HashPlan): Worker {
  // The published build holds .js files; a type-stripping Node runs the .ts ones.
  const file = import.meta.url.endsWith('.ts') ? './worker.ts' : './worker.js'
  return new Worker(new URL(file, import.meta.url), { workerData: plan, execArgv: [] })
}

function* continueWith(first: HashJob, rest: Iterator<HashJob>): Generator<HashJob> {
  yield first
  for (let next = rest.next(); !next.done; next = rest.next()) yield next.value
}
