/** Bounds what is read and not yet durable: so many events, and so many bytes of them. */
export type Gate = {
  /** Waits for room, then takes it; once the signal fires nobody waits. */
  enter(sizeBytes: number): Promise<void>
  leave(sizeBytes: number): void
  readonly count: number
}

export function createGate(options: { maxCount: number; maxBytes: number; signal: AbortSignal }): Gate {
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
