import { pruneChanges } from '../catalog/derive/streams.ts'
import { forgetStaleCounts } from '../catalog/swarms/counts.ts'
import { thinSwarmHistory } from '../catalog/swarms/history.ts'
import { forgetGoneProbes } from '../catalog/swarms/probes.ts'
import { pruneSearchChanges } from '../search/memory/search-changes.ts'
import type { Catalog } from '../store/open.ts'

export interface MaintenanceParts {
  catalog: Catalog
  /** How long the live streams can be replayed, in milliseconds. */
  replayMs: number
  signal: AbortSignal
}

const hourMs = 3_600_000
/** Counts that no tracker has confirmed for this time become unknown. */
const unknownAfterMs = 48 * hourMs
/** How long counts and probes of deleted contents and datasets are kept, in case they come back. */
const goneAfterMs = 30 * 24 * hourMs
/** How long changes for the search index in memory are kept; an index that is behind by half of this is read again (`start-memory-index.ts`). */
const searchChangesKeptMs = hourMs
const batch = 5_000

/** Makes the round that deletes what is too old: changes for replays, detailed history, counts and probes of what no longer exists. */
export function createMaintenanceRound({ catalog, replayMs, signal }: MaintenanceParts): () => Promise<void> {
  const ago = (ms: number) => new Date(Date.now() - ms)
  const all = async (forgetBatch: () => Promise<number>) => {
    while (!signal.aborted && (await forgetBatch()) >= batch);
  }
  return async () => {
    await pruneChanges(catalog.db, ago(replayMs))
    await pruneSearchChanges(catalog.db, ago(searchChangesKeptMs))
    await thinSwarmHistory(catalog.db, new Date())
    await all(() =>
      forgetStaleCounts(catalog.db, {
        unknownBefore: ago(unknownAfterMs),
        goneBefore: ago(goneAfterMs),
        batch,
      }),
    )
    await all(() => forgetGoneProbes(catalog.db, { goneBefore: ago(goneAfterMs), batch }))
  }
}
