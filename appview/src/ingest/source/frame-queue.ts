/** Passes items from a socket's callbacks to one reader, and knows when the socket should be paused. */
export interface FrameQueue<T> {
  push(item: T): void
  /** Ends the stream after the items that were pushed before. */
  end(error?: Error): void
  readonly length: number
  [Symbol.asyncIterator](): AsyncIterator<T>
}

/** Makes a queue; `onDrain` is called when the reader has taken all but `lowWater` items. */
export function createFrameQueue<T>(lowWater: number, onDrain: () => void): FrameQueue<T> {
  let items: T[] = []
  let head = 0
  let ended = false
  let failure: Error | undefined
  let wake: (() => void) | undefined

  const notify = () => {
    wake?.()
    wake = undefined
  }
  const take = (): T => {
    const item = items[head]!
    items[head++] = undefined as T
    if (head > 1_024 && head * 2 > items.length) {
      items = items.slice(head)
      head = 0
    }
    if (items.length - head === lowWater) onDrain()
    return item
  }
  return {
    push(item) {
      if (ended) return
      items.push(item)
      notify()
    },
    end(error) {
      if (ended) return
      ended = true
      failure = error
      notify()
    },
    get length() {
      return items.length - head
    },
    [Symbol.asyncIterator]: () => ({
      async next() {
        while (items.length === head) {
          if (ended) {
            if (failure) throw failure
            return { done: true, value: undefined }
          }
          await new Promise<void>((resolve) => {
            wake = resolve
          })
        }
        return { done: false, value: take() }
      },
      async return() {
        ended = true
        items = []
        head = 0
        return { done: true, value: undefined }
      },
    }),
  }
}
