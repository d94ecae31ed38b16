/** Counts by key that are never too low: they start from what the store holds, and what goes again is not taken off. */
export type Tally = {
  /** Adds one; false, and nothing is added, when the key has as many as it may. */
  add(key: string): Promise<boolean>
  set(key: string, count: number): void
}

type Entry = {
  readonly count: number
  /** Of these, since they were counted: some may have been updates, or are gone again. */
  readonly added: number
  readonly readAtMs: number
}

const RECOUNT_AFTER_MS = 60_000
/** After so large a share of the limit was added, a new count may find as much room. */
const WORTH_RECOUNTING = 0.01

/** Makes a tally. `read` counts exactly: when a key is first met, and now and then while it seems full. */
export function createTally(options: {
  limit: number
  read: (key: string) => Promise<number>
  capacity?: number
  now?: () => number
}): Tally {
  const { limit, read, capacity = 100_000, now = Date.now } = options
  const entries = new Map<string, Entry>()
  const keep = (key: string, entry: Entry) => {
    entries.delete(key)
    entries.set(key, entry)
    if (entries.size > capacity) entries.delete(entries.keys().next().value!)
  }
  const isWorthRecounting = ({ count, added, readAtMs }: Entry) =>
    count >= limit && (added >= limit * WORTH_RECOUNTING || now() - readAtMs >= RECOUNT_AFTER_MS)
  return {
    set: (key, count) => keep(key, { count, added: 0, readAtMs: now() }),
    async add(key) {
      let entry = entries.get(key)
      if (!entry || isWorthRecounting(entry)) {
        entry = { count: await read(key), added: 0, readAtMs: now() }
      }
      const fits = entry.count < limit
      keep(key, fits ? { ...entry, count: entry.count + 1, added: entry.added + 1 } : entry)
      return fits
    },
  }
}
