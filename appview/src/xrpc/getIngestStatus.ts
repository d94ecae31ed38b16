import type { getIngestStatus as schema } from '@holdfast/lexicons'
import type { Db } from '../catalog/sql.ts'
import { readIngestCounts, readSourceLags } from '../catalog/views/ingest-counts.ts'
import type { Answer } from './serve.ts'

/** Following the network, as this process sees it. */
export interface IngestStatusSource {
  status(): Promise<{
    hosts: readonly { host: string; kind?: string; connected: boolean }[]
    rejects: readonly { reason: string; count: number; lastAt: string }[]
    databaseOk: boolean
  }>
}

/** How following the network goes; for the operator. */
export function getIngestStatus(db: Db, ingest: IngestStatusSource): Answer<typeof schema.main> {
  return async () => {
    const [live, counts, lags] = await Promise.all([
      ingest.status(),
      readIngestCounts(db),
      readSourceLags(db),
    ])
    return {
      hosts: live.hosts.map((host) => {
        const lagMs = lags.get(host.host)
        return { ...host, ...(lagMs !== undefined && { lagMs }) }
      }),
      repos: counts.repos,
      metainfo: counts.metainfo,
      rejects: mergeRejects([...counts.rejects, ...(live.rejects as schema.RejectCount[])]),
      databaseOk: live.databaseOk,
      checkedAt: new Date().toISOString() as schema.$OutputBody['checkedAt'],
    }
  }
}

/** Refused records stand in the store; refused events only in the memory of the process that refused them. */
function mergeRejects(counts: readonly schema.RejectCount[]): schema.RejectCount[] {
  const merged = new Map<string, schema.RejectCount>()
  for (const count of counts) {
    const other = merged.get(count.reason)
    if (!other || other.count < count.count) merged.set(count.reason, count)
  }
  return [...merged.values()].sort((a, b) => b.count - a.count).slice(0, 100)
}
