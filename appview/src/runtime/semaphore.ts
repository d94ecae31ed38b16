/** Limits how many events, and how many bytes of them, have been read but are not yet durable. */
export interface Semaphore {
  /** Waits for room, then takes it; after the signal has fired it resolves at once. */
  enter(sizeBytes: number): Promise<void>
  leave(sizeBytes: number): void
  readonly count: number
}

export function createSemaphore(options: {
  maxCount: number
  maxBytes: number
  signal: AbortSignal
}): Semaphore {
  const { maxCount, maxBytes, signal } = options
  let count = 0
  let bytes = 0
  const waiting: Array<() => void> = []
  const full = () => !signal.aborted && (count >= maxCount || (count > 0 && bytes >= maxBytes))
  signal.addEventListener('abort', () => {
    for (const wake of waiting.splice(0)) wake()
  })
  return {
    async enter(sizeBytes) {
      while (full()) await new Promise<void>((resolve) => waiting.push(resolve))
      count++
      bytes += sizeBytes
      // The space that was freed may be enough for several.
      if (!full()) waiting.shift()?.()
    },
    leave(sizeBytes) {
      count--
      bytes -= sizeBytes
      if (!full()) waiting.shift()?.()
    },
    get count() {
      return count
    },
  }
}
