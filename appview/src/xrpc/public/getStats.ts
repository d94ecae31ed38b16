import type { getStats as schema } from '@holdfast/lexicons'
import { readTotalsHistory, type StatsInterval, type Totals } from '../../catalog/views/pages/stats.ts'
import type { Db } from '../../store/sql.ts'
import { CallerError } from '../caller-error.ts'
import type { Answer } from '../serve.ts'

/** The totals as last counted. */
export interface CurrentTotals {
  current(): Promise<{ totals: Totals; countedAt: Date }>
}

/** Answers with the totals now and over time. */
export function getStats(db: Db, totals: CurrentTotals): Answer<typeof schema.main> {
  return async ({ params }) => {
    const range = {
      interval: toInterval(params.interval),
      from: toDay(params.from) ?? '0000-00-00',
      to: toDay(params.to) ?? '9999-99-99',
    }
    if (range.from > range.to) throw new CallerError('InvalidRange', 'The parameter from is later than to.')
    const now = await totals.current()
    const history = await readTotalsHistory(db, range)
    return {
      stats: now.totals,
      history: history.map(({ day, totals }) => ({ at: toInstant(day), stats: { ...none, ...totals } })),
      updatedAt: now.countedAt.toISOString() as Instant,
    }
  }
}

type Instant = schema.Point['at']

function toInstant(day: string): Instant {
  return `${day}T00:00:00.000Z` as Instant
}

/** The fields that every point must have; they are zero where an older version did not count them. */
const none = { datasets: 0, torrents: 0, infoHashes: 0, sizeBytes: 0, authors: 0 }

function toInterval(text: string): StatsInterval {
  if (text === 'day' || text === 'week' || text === 'month') return text
  throw new CallerError('InvalidRange', `${text.slice(0, 40)} is not an interval. Use day, week or month.`)
}

function toDay(instant: string | undefined): string | undefined {
  if (instant === undefined) return undefined
  const time = Date.parse(instant)
  if (Number.isNaN(time))
    throw new CallerError(
      'InvalidRange',
      `${instant} is not a date and time. Write it like 2026-01-31T00:00:00Z.`,
    )
  return new Date(time).toISOString().slice(0, 10)
}
