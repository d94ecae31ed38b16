import type { CommitFrame, SyncFrame } from '../frame/frame.ts'
import type { Origin } from '../pipeline/judge-commit.ts'

/** Events of repositories that are being read whole, in the order they came and within a bound of memory. */
export type HeldEvents = {
  /** From now on the events of this repository are held. */
  start(did: string): void
  /** Holds an event where its repository is being read; elsewhere a later read will have it. */
  hold(frame: CommitFrame | SyncFrame, origin: Origin): void
  /** Gives the events back, with the newest revision of those there was no room for. */
  release(did: string): {
    events: readonly { frame: CommitFrame | SyncFrame; origin: Origin }[]
    lostRev: string | undefined
  }
}

const MAX_BYTES_EACH = 8_000_000
const MAX_BYTES_ALL = 128_000_000

export function createHeldEvents(maxEach = MAX_BYTES_EACH, maxAll = MAX_BYTES_ALL): HeldEvents {
  type Lane = {
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
