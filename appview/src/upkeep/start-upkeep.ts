import type { Logger } from 'pino'
import { startRounds } from '../runtime/rounds.ts'
import { refreshSearchStatisticsIfDue } from '../search-terms/statistics.ts'
import type { Catalog } from '../store/open.ts'
import { createMaintenanceRound } from './maintenance.ts'

export interface UpkeepParts {
  catalog: Catalog
  /** How long the live streams can be replayed, in milliseconds. */
  replayMs: number
  log: Logger
  /** How often to check whether the statistics of words are out of date; a minute by default. */
  statisticsEveryMs?: number
}

const maintenanceEveryMs = 3_600_000

/** Starts the upkeep of the catalog: deleting what is too old, and counting words again for the search. Disposing ends it. */
export function startUpkeep(parts: UpkeepParts): AsyncDisposable {
  const stop = new AbortController()
  const options = { restShare: 100, signal: stop.signal, log: parts.log }
  const rounds = [
    startRounds(createMaintenanceRound({ ...parts, signal: stop.signal }), {
      ...options,
      name: 'maintenance',
      everyMs: maintenanceEveryMs,
    }),
    startRounds(() => refreshSearchStatisticsIfDue(parts.catalog.db).then(() => undefined), {
      ...options,
      name: 'search statistics',
      everyMs: parts.statisticsEveryMs ?? 60_000,
    }),
  ]
  return {
    async [Symbol.asyncDispose]() {
      stop.abort()
      await Promise.all(rounds.map(({ ended }) => ended))
    },
  }
}
