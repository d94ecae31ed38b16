import { type BackfillProgress, readBackfills } from '../catalog/backfill.ts'
import { readCursors } from '../catalog/cursors.ts'
import { countRepoStates, hasReposToRead } from '../catalog/read/repo.ts'
import { readSourceLags, type SourceLag } from '../catalog/source-lags.ts'
import type { Db } from '../store/sql.ts'
import type { Pipeline } from './events/start-pipeline.ts'
import { hostsToList, type IngestConfig } from './ingest-config.ts'
import type { IngestMetrics } from './metrics.ts'

/** The state of following the network, in the shape of `admin.getIngestStatus`. */
export interface IngestStatus {
  readonly hosts: readonly HostStatus[]
  /** The hosts whose repositories are listed, whether or not they are followed. */
  readonly listings: readonly { readonly host: string; readonly backfill: BackfillStatus }[]
  readonly repos: readonly { state: string; count: number }[]
  readonly rejects: readonly { reason: string; count: number; lastAt: string }[]
  readonly databaseOk: boolean
  readonly leading: boolean
  /** Whether all hosts are caught up and listed, and no repository waits to be read for the first time. */
  readonly caughtUp: boolean
  readonly checkedAt: string
}

export interface HostStatus {
  readonly host: string
  readonly kind: 'firehose' | 'jetstream'
  readonly connected: boolean
  readonly seq?: number
  readonly lagMs?: number
  readonly waiting: number
  readonly parked: number
  readonly caughtUp: boolean
  readonly lastEventAt?: string
  readonly events?: number
  readonly reconnects?: number
  readonly error?: string
  readonly backfill: BackfillStatus
}

interface BackfillStatus {
  readonly state: 'none' | 'listing' | 'done'
  readonly reposTotal: number
  readonly startedAt?: string
  readonly finishedAt?: string
}

/** Reads the status. A process that does not ingest reads what the ingesting process has written to the store. */
export async function readIngestStatus(
  db: Db,
  live: {
    config: Pick<IngestConfig, 'sources' | 'backfill'>
    pipeline: Pipeline | undefined
    metrics: IngestMetrics
  },
): Promise<IngestStatus> {
  const [cursors, backfills, states, toRead, lags] = await Promise.all([
    readCursors(db),
    readBackfills(db),
    countRepoStates(db),
    hasReposToRead(db),
    live.pipeline ? new Map<string, SourceLag>() : readSourceLags(db),
  ])
  const running = new Map(live.pipeline?.sources().map((source) => [source.host, source]))
  const hosts = live.config.sources.map(({ kind, url }): HostStatus => {
    const { host } = new URL(url)
    const source = running.get(host)
    const { lagMs, ...behind } = lagOf(source ?? lags.get(host))
    const seq = cursors.get(host)?.seq
    return {
      host,
      kind,
      ...behind,
      ...(seq === undefined ? {} : { seq }),
      ...(lagMs === undefined ? {} : { lagMs: Math.round(lagMs) }),
      ...(source?.lastEventAt ? { lastEventAt: new Date(source.lastEventAt).toISOString() } : {}),
      ...(source ? { events: source.frames, reconnects: source.connects } : {}),
      ...(source?.error ? { error: source.error } : {}),
      backfill: backfillStatus(backfills.filter((progress) => progress.host === host)),
    }
  })
  const listings = hostsToList(live.config).map(({ host }) => {
    return { host, backfill: backfillStatus(backfills.filter((progress) => progress.host === host)) }
  })
  return {
    hosts,
    listings,
    repos: Object.entries(states).map(([state, count]) => ({ state, count })),
    rejects: [...live.metrics.rejects].map(([reason, { count, lastAt }]) => ({
      reason,
      count,
      lastAt: lastAt.toISOString(),
    })),
    databaseOk: live.pipeline?.databaseOk ?? true,
    leading: live.pipeline !== undefined,
    caughtUp:
      !toRead &&
      hosts.every((host) => host.caughtUp) &&
      listings.every(({ backfill }) => backfill.state !== 'listing'),
    checkedAt: new Date().toISOString(),
  }
}

function lagOf(source: SourceLag | undefined): SourceLag {
  const { connected = false, lagMs, waiting = 0, parked = 0, caughtUp = false } = source ?? {}
  return { connected, lagMs, waiting, parked, caughtUp }
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
