import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { OperatorError } from '@holdfast/runtime/operator-error'
import { siblingModule } from '@holdfast/runtime/sibling-module'
import { addCounts, type Counts, newCounts } from './counts.ts'
import type { SignalReceiver } from './wire/signal-hub.ts'
import type { SignalSocket } from './wire/signal-swarm.ts'
import type { FromWorker, ToWorker, WorkerStart } from './worker-messages.ts'

/**
 * Starts `count` threads that serve on the same ports and share the swarms in `start.memory`.
 * @throws Error if one of them cannot serve
 */
export async function startWorkers(count: number, start: WorkerStart, parts: WorkersParts): Promise<Workers> {
  await using started = new AsyncDisposableStack()
  const counts: Counts[] = []
  for (let number = 0; number < count; number++) {
    const worker = new Worker(siblingModule('./worker', import.meta.url), {
      workerData: start,
    })
    counts.push(newCounts())
    const ready = new Promise<void>((resolve, reject) => {
      worker.on('message', (message: FromWorker) => {
        if (message.kind === 'ready') resolve()
        else if (message.kind === 'failed') reject(failure(message))
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
    // A thread may have died while it was changing the swarms, so the tracker is restarted instead of trusting them.
    worker.once('error', parts.onFailure)
  }
  const running = started.move()
  return {
    counts: (own) => counts.reduce(addCounts, own),
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  }
}

export type Workers = AsyncDisposable & {
  /** The sum of `own` and the counts of all threads. */
  counts(own: Counts): Counts
}

export interface WorkersParts {
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

/** Errors lose their class when they are sent between threads. */
function failure({ message, isExplained }: { message: string; isExplained: boolean }): Error {
  return isExplained ? new OperatorError(message) : new Error(message)
}
