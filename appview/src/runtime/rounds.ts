import type { Logger } from 'pino'
import { createWakeUp } from './wake-up.ts'

export interface RoundsOptions {
  /** What the rounds look after, for the log: `webseeds`. */
  name: string
  everyMs: number
  /** How many times its own duration a round rests afterwards, so that it takes a bounded share of the machine. */
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
 * Runs one round after another until the signal is aborted. A round that throws is run again at the next time. The same
 * error in a row is logged once, and so is the recovery from it.
 */
export function startRounds(round: () => Promise<void>, options: RoundsOptions): Rounds {
  const { name, everyMs, restShare = 20, signal, log } = options
  const wakeUp = createWakeUp(signal)
  let failing: string | undefined
  const once = async () => {
    try {
      await round()
      if (failing !== undefined) log.info({ name }, 'rounds succeed again')
      failing = undefined
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error)
      if (signal.aborted || message === failing) return
      log.warn({ err: error, name }, 'a round failed and will be tried again')
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
