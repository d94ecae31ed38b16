import { LatestMap } from '@holdfast/runtime/latest-map'

const longestMs = 60_000
const mostKept = 2_000

/**
 * What is commonest among all that begins with a few letters takes long to find and hardly changes: it is kept for a
 * minute, as long as counts are. Short lists are found fast, and are not kept.
 */
export class KeptBeginnings<Entry> {
  readonly #kept = new LatestMap<string, { entries: readonly Entry[]; until: number }>(mostKept)

  /** @param full how many entries `read` finds at most, where there are more than those */
  async find(beginning: string, full: number, read: () => Promise<Entry[]>): Promise<readonly Entry[]> {
    const known = this.#kept.get(beginning)
    if (known && known.until > performance.now()) return known.entries
    const entries = await read()
    if (entries.length >= full) this.#kept.set(beginning, { entries, until: performance.now() + longestMs })
    return entries
  }
}
