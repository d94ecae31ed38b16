import { LatestMap } from '@holdfast/runtime/latest-map'

/** Counts by key, and in all, over a window that slides in steps of a twenty-fourth of it. */
export interface WindowCounts {
  of(key: string): number
  total(): number
  add(key: string): void
  /** The length of a step in milliseconds: after this time a key at its limit may have room again. */
  stepMs: number
}

const steps = 24
const mostKeys = 50_000

interface Ring {
  readonly counts: Uint32Array
  step: number
}

/** Makes counts for at most 50,000 keys; beyond that the key counted longest ago is forgotten, but not from the total. */
export function createWindowCounts(windowMs: number, now: () => number = Date.now): WindowCounts {
  const stepMs = windowMs / steps
  const rings = new LatestMap<string, Ring>(mostKeys)
  const all = newRing()
  const sum = (ring: Ring | undefined): number => {
    if (!ring) return 0
    advance(ring, Math.floor(now() / stepMs))
    return ring.counts.reduce((a, b) => a + b, 0)
  }
  const addTo = (ring: Ring): void => {
    advance(ring, Math.floor(now() / stepMs))
    ring.counts[ring.step % steps]!++
  }
  return {
    of: (key) => sum(rings.get(key)),
    total: () => sum(all),
    stepMs,
    add(key) {
      const ring = rings.get(key) ?? newRing()
      addTo(ring)
      addTo(all)
      rings.set(key, ring)
    },
  }
}

function newRing(): Ring {
  return { counts: new Uint32Array(steps), step: 0 }
}

/** Empties the steps that have left the window. */
function advance(ring: Ring, step: number): void {
  if (step - ring.step >= steps) ring.counts.fill(0)
  else for (let gone = ring.step + 1; gone <= step; gone++) ring.counts[gone % steps] = 0
  ring.step = Math.max(ring.step, step)
}
