import { countRepoStates, readCursors } from '../catalog/reads/repo-reads.ts'
import type { Db } from '../catalog/sql.ts'
import { type BackfillProgress, readBackfills } from '../catalog/writes/backfill-progress.ts'
import type { IngestMetrics } from './metrics.ts'
import type { Pipeline } from './pipeline/start-pipeline.ts'

/** How following the network goes, in the shape of `getIngestStatus`. */
export type IngestStatus = {
  readonly hosts: readonly HostStatus[]
  readonly repos: readonly { state: string; count: number }[]
  readonly rejects: readonly { reason: string; count: number; lastAt: string }[]
  readonly databaseOk: boolean
  readonly leading: boolean
  readonly checkedAt: string
}

export type HostStatus = {
  readonly host: string
  readonly kind: 'firehose' | 'jetstream'
  readonly connected: boolean
  readonly seq?: number
  readonly lastEventAt?: string
  readonly events?: number
  readonly reconnects?: number
  readonly error?: string
  readonly backfill: BackfillStatus
}

type BackfillStatus = {
  readonly state: 'none' | 'listing' | 'done'
  readonly reposTotal: number
  readonly startedAt?: string
  readonly finishedAt?: string
}

/** Reads the status; a process that does not ingest knows what is in the store. */
export async function readIngestStatus(
  db: Db,
  live: {
    sources: readonly { kind: 'firehose' | 'jetstream'; url: string }[]
    pipeline: Pipeline | undefined
    metrics: IngestMetrics
  },
): Promise<IngestStatus> {
  const [cursors, backfills, states] = await Promise.all([
    readCursors(db),
    readBackfills(db),
    countRepoStates(db),
  ])
  const running = new Map(live.pipeline?.sources().map((source) => [source.host, source]))
  const hosts = live.sources.map(({ kind, url }): HostStatus => {
    const { host } = new URL(url)
    const source = running.get(host)
    const seq = cursors.get(host)
    return {
      host,
      kind,
      connected: source?.connected ?? false,
      ...(seq === undefined ? {} : { seq }),
      ...(source?.lastEventAt ? { lastEventAt: new Date(source.lastEventAt).toISOString() } : {}),
      ...(source ? { events: source.frames, reconnects: source.connects } : {}),
      ...(source?.error ? { error: source.error } : {}),
      backfill: backfillStatus(backfills.filter((progress) => progress.host === host)),
    }
  })
  return {
    hosts,
    repos: Object.entries(states).map(([state, count]) => ({ state, count })),
    rejects: [...live.metrics.rejects].map(([reason, { count, lastAt }]) => ({
      reason,
      count,
      lastAt: lastAt.toISOString(),
    })),
    databaseOk: live.pipeline?.databaseOk ?? true,
    leading: live.pipeline !== undefined,
    checkedAt: new Date().toISOString(),
  }
}

function backfillStatus(listings: readonly BackfillProgress[]): BackfillStatus {
  const [first] = listings
  if (!first) return { state: 'none', reposTotal: 0 }
  const reposTotal = listings.reduce((sum, { listed }) => sum + listed, 0)
  const startedAt = listings.map((listing) => listing.startedAt).sort()[0] ?? first.startedAt
  if (!listings.every(({ done }) => done)) return { state: 'listing', reposTotal, startedAt }
  const finishedAt =
    listings
      .map((listing) => listing.updatedAt)
      .sort()
      .at(-1) ?? first.updatedAt
  return { state: 'done', reposTotal, startedAt, finishedAt }
}
