/** The server sends too slowly for a read that others wait for. */
export class TooSlowError extends Error {
  override readonly name = 'TooSlowError'
}

export interface Pace {
  readonly graceMs: number
  readonly bytesPerSecond: number
}

/**
 * Passes a stream on for as long as its average rate, after a grace period, stays above a minimum; so a read may take longer
 * the more is sent. Throws TooSlowError, and closes the stream, when it falls behind or stops.
 */
export async function* keepPace(
  chunks: AsyncIterable<Uint8Array>,
  { graceMs, bytesPerSecond }: Pace,
): AsyncGenerator<Uint8Array> {
  const startedMs = performance.now()
  let received = 0
  const iterator = chunks[Symbol.asyncIterator]()
  let ended = false
  try {
    for (;;) {
      // The time that is left, given the bytes that were received.
      const leftMs = startedMs + graceMs + (received / bytesPerSecond) * 1_000 - performance.now()
      const next = await within(iterator.next(), leftMs)
      if (next === undefined)
        throw new TooSlowError(
          `the host sent ${received} bytes in ${Math.round(performance.now() - startedMs)} ms`,
        )
      if (next.done) {
        ended = true
        return
      }
      received += next.value.length
      yield next.value
    }
  } finally {
    // Do not wait: a stream that has stopped would also be slow to close.
    if (!ended) void iterator.return?.().catch(() => {})
  }
}

/** Resolves with the promise's value, or with undefined if the time is over first. */
async function within<T>(promise: Promise<T>, ms: number): Promise<T | undefined> {
  const timer = Promise.withResolvers<undefined>()
  const handle = setTimeout(timer.resolve, Math.max(ms, 0), undefined)
  try {
    return await Promise.race([promise, timer.promise])
  } finally {
    clearTimeout(handle)
    promise.catch(() => {})
  }
}
