import { setImmediate } from 'node:timers/promises'
import type { Swarms } from '../swarms/swarms.ts'
import { announcedHashes } from './entries.ts'
import type { AllowListTarget } from './source.ts'

/**
 * Writes an allow-list into the swarms. A whole list is applied in slices between which announces are
 * answered: what is new comes first and what is gone leaves last.
 * @throws RangeError when more torrents are allowed than there is room for
 */
export function newAllowListTarget(swarms: Swarms): AllowListTarget {
  const { allowed } = swarms
  const add = (hashes: Uint8Array, source: number, confirm: boolean): void => {
    if (!allowed.allow(hashes, source, confirm)) {
      throw new RangeError('the allow-list holds more torrents than this tracker has room for')
    }
  }
  return {
    add(source, entries) {
      for (const entry of entries) add(announcedHashes(entry), source, false)
    },
    remove(source, entries) {
      for (const entry of entries) allowed.withdraw(announcedHashes(entry), source)
    },
    async replace(source, entries) {
      for (let from = 0; from < entries.length; from += SLICE) {
        for (const entry of entries.slice(from, from + SLICE)) add(announcedHashes(entry), source, true)
        await setImmediate()
      }
      for (let next = 1; next !== 0; ) {
        next = allowed.withdrawUnconfirmed(source, next, SLICE)
        await setImmediate()
      }
    },
  }
}

const SLICE = 2000
