import type { getIngestStatus as schema } from '@holdfast/lexicons'
import { readIngestCounts } from '../catalog/views/ingest-counts.ts'
import type { Db } from '../catalog/sql.ts'
import type { Answer } from './serve.ts'

/** The hosts that are followed, as the ingest sees them. */
export interface IngestHosts {
  hosts(): schema.Host[] | Promise<schema.Host[]>
}

/** How following the network goes; for the operator. */
export function getIngestStatus(db: Db, ingest: IngestHosts): Answer<typeof schema.main> {
  return async () => ({
    hosts: await ingest.hosts(),
    ...(await readIngestCounts(db)),
    databaseOk: true,
    checkedAt: new Date().toISOString() as schema.$OutputBody['checkedAt'],
  })
}
