/** Does the work for each item, for so many at a time. Rejects with the first failure, after which none is begun. */
export async function inParallel<Item>(
  items: Iterable<Item>,
  limit: number,
  work: (item: Item) => Promise<void>,
): Promise<void> {
  const queue = items[Symbol.iterator]()
  let isStopped = false
  const worker = async () => {
    for (let next = queue.next(); !next.done && !isStopped; next = queue.next()) {
      try {
        await work(next.value)
      } catch (error) {
        isStopped = true
        throw error
      }
    }
  }
  await Promise.all(Array.from({ length: limit }, worker))
}
