/** One event of a stream, ready to be sent to everybody. */
export interface StreamEntry {
  readonly seq: number
  /** Whole WebSocket frames; empty once what they tell is no longer to be seen. */
  frame: Buffer
  /** What the event is about. */
  readonly key: string
  /** A hide or delete: what was said of its key before is taken out of the replay. */
  readonly purges: boolean
  /** What filters look at. */
  readonly facts: StreamFacts
}

export interface StreamFacts {
  /** Sent whatever the filters: whoever keeps copies must remove them. */
  readonly always: boolean
  readonly collection?: string
  readonly did?: string
  readonly keywords?: readonly string[]
  readonly risks?: readonly string[]
}

export interface Recent {
  /** Every event after this one that is still to be told stands in memory. */
  readonly after: number
  /** The last event read. */
  readonly tail: number
  add(entries: readonly StreamEntry[]): void
  /** Everything up to `seq` was read; what is not here was purged. */
  skipTo(seq: number): void
  /** The events after `seq`, at most about `maxBytes`, at least one. */
  read(seq: number, maxBytes: number): readonly StreamEntry[]
  /** Forgets all, and continues after `seq`. */
  reset(seq: number): void
}

const NOTHING = Buffer.alloc(0)

/** The newest events of a stream in memory, bounded in number and in bytes. */
export function createRecent(limits: { entries: number; bytes: number }): Recent {
  let entries: StreamEntry[] = []
  let byKey = new Map<string, StreamEntry[]>()
  let bytes = 0
  let after = 0
  let tail = 0

  function purge(key: string): void {
    for (const entry of byKey.get(key) ?? []) {
      bytes -= entry.frame.length
      entry.frame = NOTHING
    }
    byKey.delete(key)
  }

  function evict(): void {
    let count = 0
    while (entries.length - count > limits.entries || (bytes > limits.bytes && count < entries.length)) {
      const entry = entries[count++]!
      bytes -= entry.frame.length
      after = entry.seq
      const same = byKey.get(entry.key)?.filter((other) => other !== entry)
      if (same?.length) byKey.set(entry.key, same)
      else byKey.delete(entry.key)
    }
    if (count > 0) entries = entries.slice(count)
  }

  return {
    get after() {
      return after
    },
    get tail() {
      return tail
    },
    add(added) {
      for (const entry of added) {
        if (entry.purges) purge(entry.key)
        entries.push(entry)
        bytes += entry.frame.length
        tail = entry.seq
        const same = byKey.get(entry.key)
        if (same) same.push(entry)
        else byKey.set(entry.key, [entry])
      }
      evict()
    },
    skipTo(seq) {
      tail = Math.max(tail, seq)
    },
    read(seq, maxBytes) {
      const found: StreamEntry[] = []
      let size = 0
      for (let i = firstAfter(entries, seq); i < entries.length && size < maxBytes; i++) {
        found.push(entries[i]!)
        size += entries[i]!.frame.length
      }
      return found
    },
    reset(seq) {
      entries = []
      byKey = new Map()
      bytes = 0
      after = seq
      tail = seq
    },
  }
}

function firstAfter(entries: readonly StreamEntry[], seq: number): number {
  let low = 0
  let high = entries.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (entries[middle]!.seq <= seq) low = middle + 1
    else high = middle
  }
  return low
}
