import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import { siblingModule } from '@holdfast/runtime/sibling-module'
import type { FileFault, LaneMessage, PiecesDone, ThreadData, Unit, UnitMessage } from './unit.ts'

/** A unit on its way: `onPieces` gets how many of its pieces are done so far. */
export interface RunningUnit {
  readonly unit: Unit
  readonly onPieces: (done: PiecesDone) => void
}

export interface ThreadPool extends AsyncDisposable {
  /** Runs a unit on a free lane; there must be one. Resolves to the fault of a file, if one has any; rejects for one of our own. */
  run(running: RunningUnit): Promise<FileFault | null>
}

interface Lane {
  readonly number: number
  readonly worker: Worker
  current:
    | { readonly running: RunningUnit; readonly settle: PromiseWithResolvers<FileFault | null> }
    | undefined
}

/** Runs the units in this thread: for few bytes, starting a thread takes longer than to hash them. */
export async function startHere(data: ThreadData): Promise<ThreadPool> {
  const { guardOf, Lane } = await import('./lane.ts')
  const guard = await guardOf(data)
  const free: InstanceType<typeof Lane>[] = []
  const all = new Set(free)
  return {
    async run({ unit, onPieces }) {
      const lane = free.pop() ?? new Lane(data, guard)
      all.add(lane)
      try {
        return await lane.run(unit, onPieces)
      } finally {
        free.push(lane)
      }
    },
    async [Symbol.asyncDispose]() {
      for (const lane of all) lane[Symbol.dispose]()
    },
  }
}

/** Starts threads that each read from several connections and hash what they read. */
export function startThreads(
  data: ThreadData,
  { lanes: laneCount, threads }: { readonly lanes: number; readonly threads?: number | undefined },
): ThreadPool {
  const count = Math.min(threads ?? availableParallelism(), laneCount)
  const workers = Array.from({ length: count }, () => startWorker(data))
  const lanes: Lane[] = Array.from({ length: laneCount }, (_, number) => ({
    number,
    worker: workers[number % count]!,
    current: undefined,
  }))
  for (const worker of workers) {
    worker.on('message', (message: LaneMessage) => receive(lanes[message.lane]!, message))
    worker.on('error', (error) => {
      for (const lane of lanes) if (lane.worker === worker) lane.current?.settle.reject(error)
    })
  }
  return {
    run(running) {
      const lane = lanes.find(({ current }) => current === undefined)!
      const settle = Promise.withResolvers<FileFault | null>()
      lane.current = { running, settle }
      const message: UnitMessage = { lane: lane.number, unit: running.unit }
      lane.worker.postMessage(message)
      return settle.promise
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(workers.map((worker) => worker.terminate()))
    },
  }
}

function receive(lane: Lane, message: LaneMessage): void {
  const { current } = lane
  if (!current) return
  if ('pieces' in message) {
    try {
      current.running.onPieces(message)
    } catch (error) {
      current.settle.reject(error as Error)
    }
    return
  }
  lane.current = undefined
  if ('error' in message) current.settle.reject(new Error(message.error))
  else current.settle.resolve(message.fault)
}

function startWorker(workerData: ThreadData): Worker {
  const resourceLimits = { maxYoungGenerationSizeMb: 8, maxOldGenerationSizeMb: 256 }
  return new Worker(siblingModule('./lane-thread', import.meta.url), {
    workerData,
    execArgv: [],
    resourceLimits,
  })
}
