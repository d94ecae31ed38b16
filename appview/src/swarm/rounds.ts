import type { Logger } from 'pino'
import { createWakeUp } from '../catalog/store/wake-up.ts'

export interface RoundsOptions {
  /** What is done, for the log: `swarm rounds failed`. */
  name: string
  everyMs: number
  /** A round rests for so many times as long as it took, so that it takes a bounded share of the machine. */
  restShare?: number
  signal: AbortSignal
  log: Logger
}

export interface Rounds {
  /** Starts the next round without waiting for its time. */
  wake(): void
  /** Resolves when the signal was aborted and the last round has ended. */
  ended: Promise<void>
}

/**
 * Does one round after another until the signal is aborted. A round that throws comes again; the log tells of it
 * once, and once when all is well.
 */
export function startRounds(round: () => Promise<void>, options: RoundsOptions): Rounds {
  const { name, everyMs, restShare = 20, signal, log } = options
  const wakeUp = createWakeUp(signal)
  let failing: string | undefined
  const once = async () => {
    try {
      await round()
      if (failing !== undefined) log.info({ name }, 'watching goes on')
      failing = undefined
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error)
      if (signal.aborted || message === failing) return
      log.warn({ err: error, name }, 'watching failed and is tried again')
      failing = message
    }
  }
  const run = async () => {
    while (!signal.aborted) {
      const started = performance.now()
      await once()
      await wakeUp.wait(Math.max(everyMs, (performance.now() - started) * restShare))
    }
  }
  return { wake: () => wakeUp.now(), ended: run() }
}
