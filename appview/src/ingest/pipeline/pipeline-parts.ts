import type { Logger } from 'pino'
import type { Db } from '../../catalog/sql.ts'
import type { GuardedFetch } from '../../guarded-fetch.ts'
import type { IngestConfig } from '../ingest-config.ts'
import type { IngestMetrics } from '../metrics.ts'

/** What one run of ingest is given. */
export type PipelineParts = {
  readonly db: Db
  readonly config: IngestConfig
  readonly guardedFetch: GuardedFetch
  readonly log: Logger
  readonly metrics: IngestMetrics
  readonly signal: AbortSignal
}
