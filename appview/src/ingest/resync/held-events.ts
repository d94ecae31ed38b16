import type { CommitFrame, SyncFrame } from '../frame/frame.ts'
import type { Origin } from '../source/source.ts'

/** Events of repositories that are being read whole, in order and with a limit on memory, until the read is done. */
export interface HeldEvents {
  /** Starts to hold the events of this repository. */
  start(did: string): void
  /** Holds an event if its repository is being read; otherwise a later read will include it. */
  hold(frame: CommitFrame | SyncFrame, origin: Origin): void
  /** Returns the held events, and the newest revision of those that did not fit. */
  release(did: string): {
    events: readonly { frame: CommitFrame | SyncFrame; origin: Origin }[]
    lostRev: string | undefined
  }
}

const maxBytesEach = 8_000_000
const maxBytesAll = 128_000_000

export function createHeldEvents(maxEach = maxBytesEach, maxAll = maxBytesAll): HeldEvents {
  interface Lane {
    events: { frame: CommitFrame | SyncFrame; origin: Origin }[]
    sizeBytes: number
    lostRev: string | undefined
  }
  const lanes = new Map<string, Lane>()
  let sizeBytes = 0
  return {
    start(did) {
      lanes.set(did, { events: [], sizeBytes: 0, lostRev: undefined })
    },
    hold(frame, origin) {
      const lane = lanes.get(frame.did)
      if (!lane) return
      const size = frame.blocks.length
      if (lane.lostRev !== undefined || lane.sizeBytes + size > maxEach || sizeBytes + size > maxAll) {
        if (frame.rev > (lane.lostRev ?? '')) lane.lostRev = frame.rev
        return
      }
      lane.events.push({ frame, origin })
      lane.sizeBytes += size
      sizeBytes += size
    },
    release(did) {
      const lane = lanes.get(did)
      lanes.delete(did)
      sizeBytes -= lane?.sizeBytes ?? 0
      return { events: lane?.events ?? [], lostRev: lane?.lostRev }
    },
  }
}
