import { setTimeout as wait } from 'node:timers/promises'

/** Waits that double from `firstMs` to `maxMs`, each with jitter, so that many clients do not return at the same moment. */
export interface Backoff {
  /** Resolves after the next wait, or at once when the signal fires. */
  pause(signal: AbortSignal): Promise<void>
  /** Starts again from the shortest wait. */
  reset(): void
}

export function createBackoff(firstMs: number, maxMs: number): Backoff {
  let nextMs = firstMs
  return {
    async pause(signal) {
      const waitMs = nextMs * (0.5 + Math.random() / 2)
      nextMs = Math.min(nextMs * 2, maxMs)
      await wait(waitMs, undefined, { signal }).catch(() => {})
    },
    reset() {
      nextMs = firstMs
    },
  }
}
