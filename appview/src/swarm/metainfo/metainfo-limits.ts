import type { Logger } from 'pino'
import type { MetainfoOutcome } from '../../catalog/swarms/metainfo-queue.ts'
import type { GuardedFetch } from '../../outbound/guarded-fetch.ts'
import type { Catalog } from '../../store/open.ts'
import { type ContentLimits, defaultContentLimits } from './content-quota.ts'
import type { CheckLimits } from './metainfo-check.ts'
import type { CheckerOptions } from './metainfo-checker.ts'

export interface MetainfoWorkerParts {
  catalog: Catalog
  fetch: GuardedFetch
  /** The origin of an account's PDS, from its DID document. Rejects when the DID cannot be resolved at the moment. */
  pdsOf: (did: string) => Promise<string>
  log: Logger
  limits?: Partial<MetainfoLimits>
  /** Called for each outcome; for metrics. */
  onOutcome?: (status: MetainfoOutcome['status'], reason?: string) => void
}

export interface MetainfoLimits extends CheckLimits {
  maxBytes: number
  timeoutMs: number
  concurrency: number
  /** The most of them at once for one account (`perAccount`) and for one PDS (`perHost`). */
  perAccount: number
  perHost: number
  /** The first wait after a failure; it doubles from there, up to six hours. */
  firstRetryMs: number
  /** How long to keep trying to fetch metainfo, in milliseconds. */
  giveUpAfterMs: number
  quota: ContentLimits
  /** Limits of the threads that check metainfo. */
  checker: CheckerOptions
}

export const defaultLimits: MetainfoLimits = {
  maxBytes: 100_000_000,
  timeoutMs: 120_000,
  concurrency: 24,
  perAccount: 4,
  perHost: 8,
  firstRetryMs: 2_000,
  giveUpAfterMs: 7 * 24 * 3_600_000,
  indexedFiles: 10_000,
  maxFiles: 4_000_000,
  allowPrivateHosts: false,
  quota: defaultContentLimits,
  checker: {},
}
