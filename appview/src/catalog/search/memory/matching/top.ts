/** The first of many in an order: by key and then by id, the greatest first. */
export class Top {
  readonly keys: Float64Array
  readonly ids: Float64Array
  readonly groups: Float64Array
  size = 0
  /** What a key must reach once it is full. */
  least = -Infinity
  private readonly limit: number
  private readonly after: { key: number; id: number } | undefined

  /** @param after only what comes later in the order is taken */
  constructor(limit: number, after: { key: number; id: number } | undefined) {
    this.limit = limit
    this.after = after
    this.keys = new Float64Array(limit)
    this.ids = new Float64Array(limit)
    this.groups = new Float64Array(limit)
  }

  offer(key: number, id: number, group: number): void {
    if (key < this.least) return
    if (this.after && (key > this.after.key || (key === this.after.key && id >= this.after.id))) return
    const { keys, ids, groups, limit } = this
    let low = 0
    let high = this.size
    while (low < high) {
      const middle = (low + high) >>> 1
      if (keys[middle]! > key || (keys[middle] === key && ids[middle]! > id)) low = middle + 1
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
