import type { admin } from '@holdfast/lexicons'
import { readIngestCounts } from '../../catalog/views/ingest-counts.ts'
import { isOutdated } from '../../store/index-version.ts'
import type { Db } from '../../store/sql.ts'
import { readSweeps } from '../../store/sweep-notes.ts'
import type { Answer } from '../serve.ts'

interface Listing {
  readonly host: string
  readonly backfill: { readonly state: string; readonly reposTotal: number }
}

/** What this process knows about following the network. */
export interface IngestStatusSource {
  status(): Promise<{
    hosts: readonly {
      host: string
      kind?: string
      connected: boolean
      lagMs?: number
      waiting: number
      caughtUp: boolean
    }[]
    listings: readonly Listing[]
    rejects: readonly { reason: string; count: number; lastAt: string }[]
    databaseOk: boolean
    caughtUp: boolean
  }>
  /** Whether records that arrive are being stored; undefined while this process does not ingest. */
  isStoring?(): boolean | undefined
}

/** Answers the operator how well this index keeps up with the network. */
export function getIngestStatus(
  db: Db,
  ingest: IngestStatusSource,
): Answer<typeof admin.getIngestStatus.main> {
  return async () => {
    const [live, counts, needsRebuild, sweeps] = await Promise.all([
      ingest.status(),
      readIngestCounts(db),
      isOutdated(db),
      readSweeps(db),
    ])
    return {
      hosts: [...live.hosts],
      listings: [...live.listings],
      caughtUp: live.caughtUp,
      needsRebuild,
      repos: counts.repos,
      metainfo: counts.metainfo,
      rejects: mergeRejects([...counts.rejects, ...(live.rejects as admin.getIngestStatus.RejectCount[])]),
      databaseOk: live.databaseOk,
      sweeps: sweeps.slice(0, mostSweeps).map(({ value, remaining, since }) => ({
        subject: value,
        ...(remaining > 0 && { remaining }),
        since: since as admin.getIngestStatus.Sweep['since'],
      })),
      checkedAt: new Date().toISOString() as admin.getIngestStatus.$OutputBody['checkedAt'],
    }
  }
}

/** The most sweeps that the lexicon allows in an answer. */
const mostSweeps = 100

/** Adds up refused records, which are in the store, and refused events, which are only in the memory of the process. */
function mergeRejects(
  counts: readonly admin.getIngestStatus.RejectCount[],
): admin.getIngestStatus.RejectCount[] {
  const merged = new Map<string, admin.getIngestStatus.RejectCount>()
  for (const count of counts) {
    const other = merged.get(count.reason)
    if (!other || other.count < count.count) merged.set(count.reason, count)
  }
  return [...merged.values()].sort((a, b) => b.count - a.count).slice(0, 100)
}
