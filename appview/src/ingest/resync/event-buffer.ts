import type { CommitFrame, SyncFrame } from '../frame/frame.ts'
import type { Origin } from '../source/source.ts'

/** Events of repositories that are being read whole, in order and with a limit on memory, until the read is done. */
export interface EventBuffer {
  /** Begins to buffer the events of this repository. */
  open(did: string): void
  /** Buffers an event if its repository is being read; otherwise a later read will include it. */
  add(frame: CommitFrame | SyncFrame, origin: Origin): void
  /** Whether events newer than this revision were buffered, or did not fit. */
  hasNewer(did: string, rev: string): boolean
  /** Returns the buffered events and forgets them, with the newest revision of what did not fit. */
  take(did: string): {
    events: readonly { frame: CommitFrame | SyncFrame; origin: Origin }[]
    lostRev: string | undefined
  }
}

const maxBytesEach = 8_000_000
const maxBytesAll = 128_000_000

export function createEventBuffer(maxEach = maxBytesEach, maxAll = maxBytesAll): EventBuffer {
  interface Buffered {
    events: { frame: CommitFrame | SyncFrame; origin: Origin }[]
    sizeBytes: number
    lostRev: string | undefined
  }
  const repositories = new Map<string, Buffered>()
  let sizeBytes = 0
  return {
    open(did) {
      repositories.set(did, { events: [], sizeBytes: 0, lostRev: undefined })
    },
    add(frame, origin) {
      const buffered = repositories.get(frame.did)
      if (!buffered) return
      const size = frame.blocks.length
      if (
        buffered.lostRev !== undefined ||
        buffered.sizeBytes + size > maxEach ||
        sizeBytes + size > maxAll
      ) {
        if (frame.rev > (buffered.lostRev ?? '')) buffered.lostRev = frame.rev
        return
      }
      buffered.events.push({ frame, origin })
      buffered.sizeBytes += size
      sizeBytes += size
    },
    hasNewer(did, rev) {
      const buffered = repositories.get(did)
      if (!buffered) return false
      return (buffered.lostRev ?? '') > rev || buffered.events.some(({ frame }) => frame.rev > rev)
    },
    take(did) {
      const buffered = repositories.get(did)
      repositories.delete(did)
      sizeBytes -= buffered?.sizeBytes ?? 0
      return { events: buffered?.events ?? [], lostRev: buffered?.lostRev }
    },
  }
}
