/**
 * Processes input from strangers in threads with limited memory and a deadline. A thread that exceeds either is ended: its
 * job fails, the next job gets a new thread, and no other job is affected.
 */
import { Worker } from 'node:worker_threads'
import type { ThreadAnswer } from './answer-jobs.ts'

export interface ThreadPoolOptions {
  /** The module that calls `answerJobs`. */
  readonly script: URL
  readonly threads: number
  /** The most memory for a thread's heap, in MiB. */
  readonly heapMb: number
  /** The most jobs that may wait; any more are refused. */
  readonly maxWaiting: number
  /** How long a job waits for a thread before it is refused. */
  readonly maxWaitMs?: number
  /** How long a thread may be idle before it is ended to free its memory; by default 30 s. */
  readonly idleMs?: number
}

export interface JobOptions {
  /** The time limit for the job once a thread has it. */
  readonly deadlineMs: number
  /** Buffers that are moved to the thread instead of copied. */
  readonly transfer?: readonly ArrayBuffer[]
  /** The owner of the job: while other owners wait, no owner gets a second thread. */
  readonly owner?: string
  /** Long jobs always leave one thread free for other jobs. */
  readonly isLong?: boolean
}

export interface ThreadPool<Job, Answer> extends AsyncDisposable {
  /**
   * Rejects with ThreadsBusyError, ThreadLostError, or what the job threw; with an Error when the pool is disposed of.
   */
  run(job: Job, options: JobOptions): Promise<Answer>
}

/** Too many jobs are waiting; the same job may be tried again later. */
export class ThreadsBusyError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'ThreadsBusyError'
  }
}

/** The thread ran out of time or memory, or died; the same job would probably fail again. */
export class ThreadLostError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'ThreadLostError'
  }
}

interface Waiting<Job, Answer> extends JobOptions {
  readonly job: Job
  readonly resolve: (answer: Answer) => void
  readonly reject: (error: unknown) => void
  timer?: NodeJS.Timeout
}

interface Place<Job, Answer> {
  readonly thread: Worker
  current: Waiting<Job, Answer> | undefined
  timer: NodeJS.Timeout | undefined
}

/** Makes a pool that starts at most `threads` threads, when there is work. They do not keep the process alive. */
export function createThreadPool<Job, Answer>(options: ThreadPoolOptions): ThreadPool<Job, Answer> {
  const waiting: Waiting<Job, Answer>[] = []
  const places = new Set<Place<Job, Answer>>()
  let closed = false

  function give(): void {
    for (;;) {
      const idle = [...places].find(({ current }) => !current)
      if (!idle && places.size >= options.threads) return
      const next = takeNext(waiting, inWork(places), options.threads)
      if (!next) return
      start(idle ?? open(), next)
    }
  }

  function open(): Place<Job, Answer> {
    const resourceLimits = { maxOldGenerationSizeMb: options.heapMb, maxYoungGenerationSizeMb: 8 }
    const place: Place<Job, Answer> = {
      thread: new Worker(options.script, { execArgv: [], resourceLimits }),
      current: undefined,
      timer: undefined,
    }
    places.add(place)
    place.thread.unref()
    place.thread.on('message', (answer: ThreadAnswer<Answer>) => finish(place, answer))
    place.thread.on('error', (cause) => lose(place, new ThreadLostError(reasonOf(cause), { cause })))
    place.thread.on('exit', () => lose(place, new ThreadLostError('the thread ended without an answer')))
    return place
  }

  function start(place: Place<Job, Answer>, next: Waiting<Job, Answer>): void {
    clearTimeout(next.timer)
    clearTimeout(place.timer)
    place.current = next
    place.timer = setTimeout(
      () => lose(place, new ThreadLostError(`it took longer than ${next.deadlineMs} ms`)),
      next.deadlineMs,
    )
    place.thread.ref()
    place.thread.postMessage(next.job, [...(next.transfer ?? [])])
  }

  function finish(place: Place<Job, Answer>, answer: ThreadAnswer<Answer>): void {
    const done = place.current
    if (!done) return
    place.current = undefined
    clearTimeout(place.timer)
    place.timer = setTimeout(() => lose(place, new Error('idle')), options.idleMs ?? 30_000).unref()
    place.thread.unref()
    if ('answer' in answer) done.resolve(answer.answer)
    else done.reject(answer.error)
    give()
  }

  function lose(place: Place<Job, Answer>, error: Error): void {
    if (!places.delete(place)) return
    clearTimeout(place.timer)
    void place.thread.terminate()
    place.current?.reject(error)
    if (!closed) give()
  }

  return {
    run(job, how) {
      if (closed) return Promise.reject(new Error('the threads were stopped'))
      if (waiting.length >= options.maxWaiting)
        return Promise.reject(new ThreadsBusyError(`${waiting.length} jobs wait already`))
      return new Promise((resolve, reject) => {
        const entry: Waiting<Job, Answer> = { ...how, job, resolve, reject }
        if (options.maxWaitMs !== undefined) {
          entry.timer = setTimeout(() => {
            waiting.splice(waiting.indexOf(entry), 1)
            reject(new ThreadsBusyError(`no thread was free within ${options.maxWaitMs} ms`))
          }, options.maxWaitMs)
        }
        waiting.push(entry)
        give()
      })
    },
    async [Symbol.asyncDispose]() {
      closed = true
      const stopped = new Error('the threads were stopped')
      for (const { reject, timer } of waiting.splice(0)) {
        clearTimeout(timer)
        reject(stopped)
      }
      const threads = [...places].map(({ thread }) => thread)
      for (const place of places) lose(place, stopped)
      await Promise.all(threads.map((thread) => thread.terminate()))
    },
  }
}

function inWork<Job, Answer>(places: Iterable<Place<Job, Answer>>): JobOptions[] {
  return [...places].flatMap(({ current }) => current ?? [])
}

/** Takes the first waiting job whose owner has no thread, or else the first. Long jobs never take the last thread. */
function takeNext<Entry extends JobOptions>(
  waiting: Entry[],
  running: readonly JobOptions[],
  threads: number,
): Entry | undefined {
  const longs = running.filter(({ isLong }) => isLong).length
  const mayStart = ({ isLong }: Entry) => !isLong || longs < Math.max(threads - 1, 1)
  const isNew = ({ owner }: Entry) => owner === undefined || !running.some((job) => job.owner === owner)
  const fair = waiting.findIndex((entry) => mayStart(entry) && isNew(entry))
  const at = fair >= 0 ? fair : waiting.findIndex(mayStart)
  return at < 0 ? undefined : waiting.splice(at, 1)[0]
}

function reasonOf(error: Error & { code?: string }): string {
  return error.code === 'ERR_WORKER_OUT_OF_MEMORY' ? 'it took more memory than it may' : error.message
}
