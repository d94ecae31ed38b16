import { pruneChanges } from '../catalog/changes.ts'
import type { Catalog } from '../catalog/open.ts'
import { pruneSearchChanges } from '../catalog/search/memory/search-changes.ts'
import { forgetStaleCounts } from '../catalog/swarms/swarm-counts.ts'
import { thinSwarmHistory } from '../catalog/swarms/swarm-history.ts'
import { forgetGoneProbes } from '../catalog/swarms/swarm-probes.ts'

export interface MaintenanceParts {
  catalog: Catalog
  /** How long the live streams can be replayed. */
  replayMs: number
  signal: AbortSignal
}

const hourMs = 3_600_000
/** Counts that no tracker has confirmed since are unknown. */
const unknownAfterMs = 48 * hourMs
/** What was counted and probed of something that is gone is kept so long, in case it comes back. */
const goneAfterMs = 30 * 24 * hourMs
/** An index in memory that did not follow for half of this begins anew (`start-memory-index.ts`). */
const searchChangesKeptMs = hourMs
const batch = 5_000

/** Makes the round that forgets what is too old: replayed changes, fine history, counts and probes of what is gone. */
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
