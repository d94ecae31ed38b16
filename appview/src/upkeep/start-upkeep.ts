import type { Logger } from 'pino'
import { refreshDueParts } from '../catalog/derive/gathering.ts'
import { forgetEndedLeases } from '../catalog/leases.ts'
import { recountNext } from '../catalog/recounts.ts'
import { startRounds } from '../runtime/rounds.ts'
import { refreshSearchStatisticsIfDue } from '../search-terms/statistics.ts'
import type { Catalog } from '../store/open.ts'
import { writingTogether } from '../store/write-turns.ts'
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
const offerEveryMs = 5_000
const offerAtOnce = 500
const recountEveryMs = 1_000
/** A round of recounts ends after this time, and rests nine times as long. */
const recountForMs = 500

/**
 * Starts the upkeep of the catalog: deleting what is too old, counting words again for the search, and what was left to be
 * counted later. Disposing ends it.
 */
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
    startRounds(() => offerAgain(parts.catalog, stop.signal), {
      ...options,
      name: 'parts to gather',
      everyMs: offerEveryMs,
    }),
    startRounds(() => recountSome(parts.catalog, stop.signal), {
      ...options,
      name: 'recounts',
      everyMs: recountEveryMs,
      restShare: 9,
    }),
  ]
  return {
    async [Symbol.asyncDispose]() {
      stop.abort()
      await Promise.all(rounds.map(({ ended }) => ended))
    },
  }
}

/** Offers parts again whose leases and claims have ended. */
async function offerAgain({ db }: Catalog, signal: AbortSignal): Promise<void> {
  while (
    !signal.aborted &&
    (await writingTogether(db, (tx) => refreshDueParts(tx, offerAtOnce))) === offerAtOnce
  );
  await forgetEndedLeases(db, offerAtOnce)
}

async function recountSome({ db }: Catalog, signal: AbortSignal): Promise<void> {
  const until = performance.now() + recountForMs
  while (!signal.aborted && performance.now() < until && (await recountNext(db)));
}
