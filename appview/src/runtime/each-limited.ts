/** Runs `work` on every item, at most `limit` at once. When all have ended, rejects with the first failure, if any. */
export async function eachLimited<Item>(
  items: Iterable<Item>,
  limit: number,
  work: (item: Item) => Promise<void>,
): Promise<void> {
  const queue = items[Symbol.iterator]()
  const take = async () => {
    for (let next = queue.next(); !next.done; next = queue.next()) await work(next.value)
  }
  const results = await Promise.allSettled(Array.from({ length: limit }, take))
  const failure = results.find((result) => result.status === 'rejected')
  if (failure) throw failure.reason
}
