/** Runs a task as soon as fewer than the limit are running; first come, first served. */
export type Limiter = <T>(task: () => Promise<T>) => Promise<T>

/** Makes a limiter that runs at most `maxConcurrent` tasks at once. */
export function createLimiter(maxConcurrent: number): Limiter {
  const waiting: Array<() => void> = []
  let active = 0
  return async (task) => {
    if (active >= maxConcurrent) await new Promise<void>((resolve) => waiting.push(resolve))
    else active++
    try {
      return await task()
    } finally {
      const next = waiting.shift()
      if (next) next()
      else active--
    }
  }
}
