import { setTimeout } from 'node:timers/promises'

/** Spreads requests over time, so that a server is asked no more often than somebody promised. */
export interface Pace {
  /** Resolves when so many more requests may be sent. */
  turn(requests?: number, signal?: AbortSignal): Promise<void>
}

/** Lets so many requests through in a minute, evenly. */
export function createPace(requestsPerMinute: number): Pace {
  let freeAt = 0
  return {
    async turn(requests = 1, signal) {
      const now = performance.now()
      const at = Math.max(freeAt, now)
      freeAt = at + (requests * 60_000) / requestsPerMinute
      if (at > now) await setTimeout(at - now, undefined, { signal })
    },
  }
}
