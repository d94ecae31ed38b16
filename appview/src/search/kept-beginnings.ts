import { LatestMap } from '@holdfast/runtime/latest-map'

const longestMs = 60_000
const mostKept = 2_000

/**
 * Caches the most common entries that begin with a few letters for a minute, because they take long to find and hardly
 * change. Lists that are not full are found fast and are not cached.
 */
export class KeptBeginnings<Entry> {
  readonly #kept = new LatestMap<string, { entries: readonly Entry[]; until: number }>(mostKept)

  /** @param full the most entries that `read` returns; a list of that length is cached */
  async find(beginning: string, full: number, read: () => Promise<Entry[]>): Promise<readonly Entry[]> {
    const known = this.#kept.get(beginning)
    if (known && known.until > performance.now()) return known.entries
    const entries = await read()
    if (entries.length >= full) this.#kept.set(beginning, { entries, until: performance.now() + longestMs })
    return entries
  }
}
