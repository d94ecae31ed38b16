import { performance } from 'node:perf_hooks'
import type { Counts } from './counts.ts'
import type { Pace } from './pace.ts'
import type { Swarms } from './swarms/swarms.ts'
import type { ConnectionIds } from './wire/connection-ids.ts'

/** Moves the clock, rotates keys and expires peers a little at a time. */
export function startUpkeep(parts: UpkeepParts): Disposable {
  const { swarms, pace, ids } = parts
  let busySince = performance.eventLoopUtilization()
  let ticks = 0
  const step = (): void => {
    const seconds = performance.timeOrigin / 1000 + performance.now() / 1000
    if (ticks++ % OBSERVE_EVERY === 0) {
      ids.setTime(seconds)
      const busy = performance.eventLoopUtilization(busySince).utilization
      busySince = performance.eventLoopUtilization()
      pace.observe(seconds, busy)
    }
    swarms.expire(pace.tick, pace.ttlTicks, budget())
  }
  // A round over all peers takes five minutes at most, however many there are.
  const budget = (): number => {
    const totals = swarms.totals()
    const toVisit = totals.peers4 + totals.peers6 + totals.torrents * 2
    return Math.min(MOST_VISITED, Math.max(1000, Math.ceil(toVisit / (ROUND_MS / EVERY_MS))))
  }
  step()
  const timer = setInterval(step, EVERY_MS).unref()
  return { [Symbol.dispose]: () => clearInterval(timer) }
}

export type UpkeepParts = { swarms: Swarms; pace: Pace; ids: ConnectionIds; counts: Counts }

const EVERY_MS = 100
const OBSERVE_EVERY = 50
const ROUND_MS = 300_000
/** About two milliseconds of work. */
const MOST_VISITED = 20_000
