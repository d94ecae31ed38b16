import { type Place, precedes } from '../../plan/sorts.ts'

/** The first k of many rows in an order, the greatest first. */
export class TopK {
  readonly keys: Float64Array
  readonly ids: Float64Array
  readonly groups: Float64Array
  size = 0
  /** The least key that can still enter; -Infinity until `limit` rows are in. */
  least = -Infinity
  readonly #limit: number
  readonly #after: Place | undefined

  /** @param after only rows that come later in the order are taken */
  constructor(limit: number, after: Place | undefined) {
    this.#limit = limit
    this.#after = after
    this.keys = new Float64Array(limit)
    this.ids = new Float64Array(limit)
    this.groups = new Float64Array(limit)
  }

  offer(key: number, id: number, group: number): void {
    if (key < this.least) return
    const place = { key, id }
    if (this.#after && !precedes(this.#after, place)) return
    const { keys, ids, groups } = this
    const limit = this.#limit
    let low = 0
    let high = this.size
    while (low < high) {
      const middle = (low + high) >>> 1
      if (precedes({ key: keys[middle]!, id: ids[middle]! }, place)) low = middle + 1
      else high = middle
    }
    if (low >= limit) return
    const last = Math.min(this.size, limit - 1)
    keys.copyWithin(low + 1, low, last)
    ids.copyWithin(low + 1, low, last)
    groups.copyWithin(low + 1, low, last)
    keys[low] = key
    ids[low] = id
    groups[low] = group
    this.size = last + 1
    if (this.size === limit) this.least = keys[limit - 1]!
  }
}
