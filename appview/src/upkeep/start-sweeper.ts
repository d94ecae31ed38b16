import { sweep } from '../catalog/sweeps.ts'
import { createWakeUp } from '../runtime/wake-up.ts'
import { channels } from '../store/channels.ts'
import type { Catalog } from '../store/open.ts'
import { readSweeps, type SweepSubject } from '../store/sweep-notes.ts'

export interface SweeperOptions {
  catalog: Catalog
  /** Called every few seconds during a long sweep. */
  onProgress?: (subject: SweepSubject, progress: { remaining: number }) => void
  /** Called after each batch with how many records all sweeps together have left, as far as they are counted. */
  onRemaining?: (records: number) => void
  onFault: (error: unknown, subject?: SweepSubject) => void
}

/** How often to read the store without a notification, and after a failure. */
const longestWaitMs = 10_000
const tellEveryMs = 5_000

/** Starts the sweeper, which finishes all sweeps that decisions and changes of accounts need, including those of other processes. */
export async function startSweeper(options: SweeperOptions): Promise<AsyncDisposable> {
  const { catalog, onFault } = options
  const stop = new AbortController()
  const wake = createWakeUp(stop.signal)
  const listening = await catalog.listen(channels.sweeps, () => wake.now())
  const running = (async () => {
    while (!stop.signal.aborted) {
      await sweepAll(options, stop.signal).catch((error) => onFault(error))
      await wake.wait(longestWaitMs)
    }
  })()
  return {
    async [Symbol.asyncDispose]() {
      stop.abort()
      await running
      await listening[Symbol.asyncDispose]()
    },
  }
}

async function sweepAll(options: SweeperOptions, signal: AbortSignal): Promise<void> {
  const { catalog, onFault } = options
  const sweeps = await readSweeps(catalog.db)
  let others = sweeps.reduce((sum, { remaining }) => sum + remaining, 0)
  options.onRemaining?.(others)
  for (const subject of sweeps) {
    if (signal.aborted) return
    others -= subject.remaining
    let toldAt = performance.now()
    const onProgress = (progress: { remaining: number }) => {
      options.onRemaining?.(others + progress.remaining)
      if (performance.now() - toldAt < tellEveryMs) return
      toldAt = performance.now()
      options.onProgress?.(subject, progress)
    }
    await sweep(catalog.db, subject, { signal, onProgress }).catch((error) => onFault(error, subject))
    options.onRemaining?.(others)
  }
}
