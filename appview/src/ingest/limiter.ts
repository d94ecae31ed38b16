/** Runs tasks, at most so many at once, first come first served. */
export type Limiter = <T>(task: () => Promise<T>) => Promise<T>

/** Makes a limiter of `maxConcurrent` tasks. */
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
