/** A wait that a call of `now` ends early; a call between two waits ends the next one. */
export interface WakeUp {
  now(): void
  /** Resolves after `ms`, at the next call of `now`, or when the signal given to `createWakeUp` is aborted. */
  wait(ms: number): Promise<void>
}

export function createWakeUp(signal: AbortSignal): WakeUp {
  let called = false
  let resolve: (() => void) | undefined
  signal.addEventListener('abort', () => resolve?.(), { once: true })
  return {
    now() {
      called = true
      resolve?.()
    },
    async wait(ms) {
      if (!called && !signal.aborted) {
        const { promise, resolve: done } = Promise.withResolvers<void>()
        const timer = setTimeout(done, ms)
        resolve = done
        await promise
        clearTimeout(timer)
      }
      called = false
      resolve = undefined
    },
  }
}
