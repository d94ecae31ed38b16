import type { Logger } from 'pino'
import { createWakeUp } from './wake-up.ts'

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

/** Does one round after another until the signal is aborted; a round that throws is logged and comes again. */
export function startRounds(round: () => Promise<void>, options: RoundsOptions): Rounds {
  const { name, everyMs, restShare = 20, signal, log } = options
  const wakeUp = createWakeUp(signal)
  const run = async () => {
    while (!signal.aborted) {
      const started = performance.now()
      await round().catch((error) => {
        if (!signal.aborted) log.error({ error, name }, 'a round of watching failed and will come again')
      })
      const tookMs = performance.now() - started
      await wakeUp.wait(Math.max(everyMs, tookMs * restShare))
    }
  }
  return { wake: () => wakeUp.now(), ended: run() }
}
