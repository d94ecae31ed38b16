/** Makes a function that collects items while a batch is processed and processes them in the next one; it resolves with its batch. */
export function gather<Item>(work: (batch: readonly Item[]) => Promise<void>): (item: Item) => Promise<void> {
  let waiting: Item[] = []
  let current: Promise<void> | undefined
  let next: Promise<void> | undefined

  async function flush(): Promise<void> {
    await current?.catch(() => {})
    const batch = waiting
    waiting = []
    next = undefined
    current = work(batch)
    await current
  }

  return (item) => {
    waiting.push(item)
    next ??= flush()
    return next
  }
}
