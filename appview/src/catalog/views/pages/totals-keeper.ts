import type { Db } from '../../../store/sql.ts'
import { saveDailyTotals } from '../../daily-stats.ts'
import { countTotals, type Totals } from './stats.ts'

export interface TotalsKeeper extends AsyncDisposable {
  /** The totals, which are counted again when they are old compared with the time that counting takes. */
  current(): Promise<{ totals: Totals; countedAt: Date }>
}

/** Counting takes at most about one in this many parts of the time. */
const share = 20
const atLeastMs = 500
/** A reader waits for a count that usually takes less than this; otherwise it gets the last count while a new one is made. */
const worthWaitingMs = 200
const dailyMs = 15 * 60_000

/** Counts on demand, and every quarter of an hour for the history. Failures are reported and tried again. */
export function startTotalsKeeper(db: Db, onError: (error: unknown) => void): TotalsKeeper {
  let last: { totals: Totals; countedAt: Date; tookMs: number } | undefined
  let counting: Promise<NonNullable<typeof last>> | undefined

  function count() {
    counting ??= (async () => {
      const startedAt = performance.now()
      const totals = await countTotals(db)
      await saveDailyTotals(db, totals)
      last = { totals, countedAt: new Date(), tookMs: performance.now() - startedAt }
      return last
    })().finally(() => {
      counting = undefined
    })
    return counting
  }

  const timer = setInterval(() => count().catch(onError), dailyMs).unref()
  return {
    async current() {
      if (!last) return count()
      const ageMs = Date.now() - last.countedAt.getTime()
      if (ageMs < Math.max(atLeastMs, last.tookMs * share)) return last
      const fresh = count()
      if (last.tookMs <= worthWaitingMs) return fresh
      fresh.catch(onError)
      return last
    },
    async [Symbol.asyncDispose]() {
      clearInterval(timer)
      await counting?.catch(() => {})
    },
  }
}
