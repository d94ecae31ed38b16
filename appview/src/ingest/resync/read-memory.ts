/**
 * Limits the memory of all reads of whole repositories together. When it is full, the read that uses the most is ended and
 * tried again later. So a read within its share (the memory divided by the number of places) always completes, and a large
 * one completes when others leave enough memory.
 */
export interface ReadMemory {
  begin(): ReadShare
}

export type ReadShare = Disposable & {
  /** Fires when this read must end in favor of others; its memory then no longer counts. */
  readonly signal: AbortSignal
  /** Counts more memory for this read. @throws ReadMemoryError when this read must end */
  take(bytes: number): void
  /**
   * Says that this read is complete, and can no longer be ended.
   * @throws ReadMemoryError when this read had to end before
   */
  keep(): void
}

/** A repository could not be read now for lack of memory, which is not a fault of its host. */
export class ReadMemoryError extends Error {
  override readonly name = 'ReadMemoryError'
  /** Whether it took nearly all the memory, so that it fits at no other time either. */
  readonly isTooLarge: boolean
  constructor(message: string, isTooLarge: boolean) {
    super(message)
    this.isTooLarge = isTooLarge
  }
}

/** A read that took more of the memory than this is too large, because others are nearly always under way. */
const mostOfMemory = 3 / 4

interface Reading {
  usedBytes: number
  isKept: boolean
  readonly stop: AbortController
}

export function createReadMemory(maxBytes: number): ReadMemory {
  const readings = new Set<Reading>()
  let usedBytes = 0
  const leave = (reading: Reading) => {
    if (readings.delete(reading)) usedBytes -= reading.usedBytes
  }
  /** The read that uses the most memory, among those in progress including the caller's. */
  const largest = (asking: Reading) =>
    [...readings].reduce((most, one) => (!one.isKept && one.usedBytes > most.usedBytes ? one : most), asking)
  return {
    begin() {
      const reading: Reading = { usedBytes: 0, isKept: false, stop: new AbortController() }
      readings.add(reading)
      return {
        signal: reading.stop.signal,
        take(bytes) {
          reading.stop.signal.throwIfAborted()
          reading.usedBytes += bytes
          usedBytes += bytes
          while (usedBytes > maxBytes) {
            const ended = largest(reading)
            leave(ended)
            ended.stop.abort(
              new ReadMemoryError(
                `reads of whole repositories use the ${maxBytes} bytes that they may; this one used the most`,
                ended.usedBytes > maxBytes * mostOfMemory,
              ),
            )
          }
          reading.stop.signal.throwIfAborted()
        },
        keep() {
          reading.stop.signal.throwIfAborted()
          reading.isKept = true
        },
        [Symbol.dispose]: () => leave(reading),
      }
    },
  }
}
