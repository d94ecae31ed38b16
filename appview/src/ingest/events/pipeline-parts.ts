import type { Logger } from 'pino'
import type { GuardedFetch } from '../../outbound/guarded-fetch.ts'
import type { Db } from '../../store/sql.ts'
import type { IngestConfig } from '../ingest-config.ts'
import type { IngestMetrics } from '../metrics.ts'

/** What one run of ingest is given. */
export interface PipelineParts {
  readonly db: Db
  readonly config: IngestConfig
  readonly guardedFetch: GuardedFetch
  readonly log: Logger
  readonly metrics: IngestMetrics
  readonly signal: AbortSignal
}
