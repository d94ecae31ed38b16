import { performance } from 'node:perf_hooks'
import type { Pace } from './pace.ts'
import { header, type SwarmMemory } from './swarms/memory.ts'
import type { Swarms, SwarmTotals } from './swarms/swarms.ts'
import type { ConnectionIds } from './wire/connection-ids.ts'

/** Moves the clock of one thread: ticks, keys of connection ids, and how busy it is. */
export function startClock({ pace, ids }: { pace: Pace; ids: ConnectionIds }): Disposable {
  let busySince = performance.eventLoopUtilization()
  const step = (): void => {
    const seconds = (performance.timeOrigin + performance.now()) / 1000
    const busy = performance.eventLoopUtilization(busySince).utilization
    busySince = performance.eventLoopUtilization()
    ids.setTime(seconds)
    pace.observe(seconds, busy)
  }
  step()
  const timer = setInterval(step, OBSERVE_EVERY_MS).unref()
  return { [Symbol.dispose]: () => clearInterval(timer) }
}

/** Expires peers a little at a time, and shows all threads whether there is a list. */
export function startUpkeep(parts: UpkeepParts): Disposable {
  const { swarms, pace, memory, list } = parts
  const step = (): void => {
    memory.words[header.listReady] = list.ready() ? 1 : 0
    for (let left = budget(swarms.totals()); left > 0; left -= AT_ONCE) {
      swarms.expire(pace.tick, pace.ttlTicks, Math.min(left, AT_ONCE))
    }
  }
  step()
  const timer = setInterval(step, EVERY_MS).unref()
  return { [Symbol.dispose]: () => clearInterval(timer) }
}

export type UpkeepParts = { swarms: Swarms; pace: Pace; memory: SwarmMemory; list: { ready(): boolean } }

/** A round over all peers takes five minutes at most, however many there are. */
function budget(totals: SwarmTotals): number {
  const toVisit = totals.peers4 + totals.peers6 + totals.torrents * 2
  return Math.min(MOST_VISITED, Math.max(1000, Math.ceil(toVisit / (ROUND_MS / EVERY_MS))))
}

const EVERY_MS = 100
const OBSERVE_EVERY_MS = 5000
const ROUND_MS = 300_000
/** About two milliseconds of work, and what other threads wait for of it. */
const MOST_VISITED = 20_000
const AT_ONCE = 1000
