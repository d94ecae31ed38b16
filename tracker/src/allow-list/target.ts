import { setImmediate } from 'node:timers/promises'
import type { Swarms } from '../swarms/swarms.ts'
import { unpackEntries } from './entries.ts'
import type { AllowListTarget } from './source.ts'

/**
 * Writes an allow-list into the swarms. A whole list is applied in slices between which announces are
 * answered: what is new comes first and what is gone leaves last.
 */
export function newAllowListTarget(swarms: Swarms): AllowListTarget {
  const { allowed } = swarms
  const add = (hashes: Uint8Array, source: number, confirm: boolean): void => {
    if (!swarms.exclusively(() => allowed.allow(hashes, source, confirm))) {
      throw new RangeError('the allow-list holds more torrents than this tracker has room for')
    }
  }
  return {
    add: (source, hashes) => add(hashes, source, false),
    remove: (source, hashes) => swarms.exclusively(() => allowed.withdraw(hashes, source)),
    async replace(source, packed) {
      let applied = 0
      for (const page of packed) {
        for (const hashes of unpackEntries(page)) {
          add(hashes, source, true)
          if (++applied % SLICE === 0) await setImmediate()
        }
      }
      for (let next = 1; next !== 0; ) {
        const from = next
        next = swarms.exclusively(() => allowed.withdrawUnconfirmed(source, from, SLICE))
        await setImmediate()
      }
    },
    forEach(source, visit) {
      const visitNames = (_torrent: number, names: Uint8Array): void => visit(names)
      swarms.exclusively(() => allowed.forEach(visitNames, { source }))
    },
  }
}

const SLICE = 1000
