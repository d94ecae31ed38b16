import { setImmediate } from 'node:timers/promises'
import type { Swarms } from '../swarms/swarms.ts'
import { unpackEntries } from './entries.ts'
import type { AllowListTarget } from './source.ts'

/**
 * Writes an allow-list into the swarms. A whole list is applied in slices, and announces are answered between them: new
 * torrents are added first, and torrents that are gone are removed last.
 */
export function newAllowListTarget(swarms: Swarms): AllowListTarget {
  const { allowed } = swarms
  const inSlices = async (step: (from: number, count: number) => number): Promise<void> => {
    for (let next = 1; next !== 0; ) {
      const from = next
      next = swarms.exclusively(() => step(from, slice))
      await setImmediate()
    }
  }
  return {
    add: (source, hashes) => swarms.exclusively(() => allowed.allow(hashes, source)),
    remove: (source, hashes) => swarms.exclusively(() => allowed.withdraw(hashes, source)),
    begin: (source) => inSlices((from, count) => allowed.unconfirm(source, from, count)),
    async confirm(source, packed) {
      let [applied, leftOut] = [0, 0]
      for (const hashes of unpackEntries(packed)) {
        if (!swarms.exclusively(() => allowed.allow(hashes, source, true))) leftOut++
        if (++applied % slice === 0) await setImmediate()
      }
      return leftOut
    },
    finish: (source) => inSlices((from, count) => allowed.withdrawUnconfirmed(source, from, count)),
  }
}

const slice = 500
