/** One event of a stream, ready to be sent to everybody. */
export interface StreamEntry {
  readonly seq: number
  /** One or more whole WebSocket frames; empty once their content must no longer be shown. */
  frame: Buffer
  /** The subject of the event: an account or a record; a key that begins with another key and a slash is a part of it. */
  readonly key: string
  /** Whether this hides or deletes its subject, so that earlier events about it and its parts are removed from the replay. */
  readonly purges: boolean
  /** The values that filters test. */
  readonly facts: StreamFacts
}

export interface StreamFacts {
  /** Whether to send it to every client whatever its filters, so that clients remove their copies. */
  readonly always: boolean
  readonly collection?: string
  readonly did?: string
  readonly keywords?: readonly string[]
  readonly risks?: readonly string[]
}

export interface Recent {
  /** Every event after this sequence number, except purged ones, is in memory. */
  readonly after: number
  /** The sequence number of the last event read. */
  readonly tail: number
  add(entries: readonly StreamEntry[]): void
  /** Says that everything up to `seq` was read, and that missing events were purged. */
  skipTo(seq: number): void
  /** The events after `seq`, of about `maxBytes` at most, but at least one. */
  read(seq: number, maxBytes: number): readonly StreamEntry[]
  /** Forgets all events, and continues after `seq`. */
  reset(seq: number): void
}

const nothing = Buffer.alloc(0)

/** Keeps the newest events of a stream in memory, limited in number and in bytes. */
export function createRecent(limits: { entries: number; bytes: number }): Recent {
  let entries: StreamEntry[] = []
  let byKey = new Map<string, StreamEntry[]>()
  let bytes = 0
  let after = 0
  let tail = 0

  function purge(key: string): void {
    for (const entry of byKey.get(key) ?? []) {
      bytes -= entry.frame.length
      entry.frame = nothing
    }
    byKey.delete(key)
  }

  /** Removes the events about a key and its parts. The key of an account is only its authority; any other key is one record or content. */
  function purgeWithParts(key: string): void {
    purge(key)
    if (!/^at:\/\/[^/]+$/.test(key)) return
    for (const part of byKey.keys()) if (part.startsWith(`${key}/`)) purge(part)
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
        if (entry.purges) purgeWithParts(entry.key)
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
