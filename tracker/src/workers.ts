import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { addCounts, type Counts, newCounts } from './counts.ts'
import type { SignalReceiver, SignalSocket } from './wire/signal-hub.ts'
import type { FromWorker, ToWorker, WorkerStart } from './worker-messages.ts'

/**
 * Starts `count` threads that serve on the same ports, sharing the swarms in `start.memory`.
 * @throws Error when one of them cannot serve
 */
export async function startWorkers(count: number, start: WorkerStart, parts: WorkersParts): Promise<Workers> {
  await using started = new AsyncDisposableStack()
  const counts: Counts[] = []
  for (let number = 0; number < count; number++) {
    const worker = new Worker(new URL(import.meta.url.replace(/workers\.(ts|js)$/, 'worker.$1')), {
      workerData: start,
    })
    counts.push(newCounts())
    const ready = new Promise<void>((resolve, reject) => {
      worker.on('message', (message: FromWorker) => {
        if (message.kind === 'ready') resolve()
        else if (message.kind === 'failed') reject(new Error(message.message, { cause: 'worker' }))
        else if (message.kind === 'counts') counts[number] = message.counts
        else if (message.kind === 'journal') parts.onJournal(message.shard, message.records)
        else serveWorker(worker, message, parts)
      })
      worker.once('error', reject)
    })
    started.defer(async () => {
      if (worker.threadId < 0) return
      const ended = once(worker, 'exit')
      worker.postMessage({ kind: 'stop' } satisfies ToWorker)
      await ended
    })
    await ready
    // A thread that dies may have died with the swarms half changed: start over rather than guess.
    worker.once('error', parts.onFailure)
  }
  const running = started.move()
  return {
    counts: (own) => counts.reduce(addCounts, own),
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  }
}

export type Workers = AsyncDisposable & {
  /** `own` with what all threads have counted. */
  counts(own: Counts): Counts
}

export type WorkersParts = {
  hub: SignalReceiver
  answer: (about: 'metrics' | 'swarms') => Promise<string>
  onJournal: (shard: number, records: Uint8Array) => void
  onFailure: (error: Error) => void
}

const sockets = new WeakMap<Worker, Map<number, SignalSocket>>()

function serveWorker(
  worker: Worker,
  message: Exclude<FromWorker, { kind: 'ready' | 'failed' | 'counts' | 'journal' }>,
  parts: WorkersParts,
): void {
  const tell = (answer: ToWorker): void => worker.postMessage(answer)
  if (message.kind === 'ask') {
    parts.answer(message.about).then((text) => tell({ kind: 'answer', question: message.question, text }))
    return
  }
  const own = sockets.get(worker) ?? new Map<number, SignalSocket>()
  sockets.set(worker, own)
  let socket = own.get(message.socket)
  if (message.kind === 'socket-close') {
    if (socket !== undefined) parts.hub.close(socket)
    own.delete(message.socket)
    return
  }
  if (socket === undefined) {
    socket = {
      client: message.client,
      send: (text) => tell({ kind: 'socket-text', socket: message.socket, text }),
    }
    own.set(message.socket, socket)
  }
  parts.hub.receive(socket, message.text)
}
