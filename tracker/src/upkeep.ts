import { performance } from 'node:perf_hooks'
import type { AnnounceInterval } from './announce-interval.ts'
import { header, type SwarmMemory } from './swarms/memory.ts'
import type { Swarms, SwarmTotals } from './swarms/swarms.ts'
import type { ConnectionIds } from './wire/connection-ids.ts'

/** Advances the clock of one thread: ticks, the keys of connection ids, and the measure of how busy it is. */
export function startClock({
  interval,
  ids,
}: {
  interval: AnnounceInterval
  ids: ConnectionIds
}): Disposable {
  let busySince = performance.eventLoopUtilization()
  const step = (): void => {
    const seconds = (performance.timeOrigin + performance.now()) / 1000
    const busy = performance.eventLoopUtilization(busySince).utilization
    busySince = performance.eventLoopUtilization()
    ids.setTime(seconds)
    interval.observe(seconds, busy)
  }
  step()
  const timer = setInterval(step, observeEveryMs).unref()
  return { [Symbol.dispose]: () => clearInterval(timer) }
}

/** Expires peers a few at a time, and tells all threads whether an allow-list is loaded. */
export function startUpkeep(parts: UpkeepParts): Disposable {
  const { swarms, interval, memory, list } = parts
  const step = (): void => {
    memory.words[header.listReady] = list.ready() ? 1 : 0
    memory.words[header.listLeftOut] = list.leftOut()
    for (let left = budget(swarms.totals()); left > 0; left -= atOnce) {
      swarms.expire(interval.tick, interval.ttlTicks, Math.min(left, atOnce))
    }
  }
  step()
  const timer = setInterval(step, everyMs).unref()
  return { [Symbol.dispose]: () => clearInterval(timer) }
}

export interface UpkeepParts {
  swarms: Swarms
  interval: AnnounceInterval
  memory: SwarmMemory
  list: { ready(): boolean; leftOut(): number }
}

/** A round over all peers takes at most five minutes, whatever their number. */
function budget(totals: SwarmTotals): number {
  const toVisit = totals.peers4 + totals.peers6 + totals.torrents * 2
  return Math.min(mostVisited, Math.max(1000, Math.ceil(toVisit / (roundMs / everyMs))))
}

const everyMs = 100
const observeEveryMs = 5000
const roundMs = 300_000
/** The limit of one step takes about two milliseconds, for which other threads may have to wait. */
const mostVisited = 20_000
const atOnce = 1000
