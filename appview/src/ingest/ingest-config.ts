import type { Authorities } from '@holdfast/lexicons/authority'

/** What ingest needs of the program's configuration. */
export type IngestConfig = {
  /** `HOLDFAST_SOURCES`: streams of relays and PDSes, and hints. */
  readonly sources: readonly { readonly kind: 'firehose' | 'jetstream'; readonly url: string }[]
  readonly authorities: Authorities
  readonly plcUrl: string
  readonly allowPrivateHosts: boolean
  /** With PostgreSQL, one process of many ingests; without, this is the only one. */
  readonly databaseUrl?: string | undefined
  /** `HOLDFAST_READER`: whose reader follows the streams. */
  readonly reader?: 'ours' | 'reference'
  readonly backfill?: boolean
  /** How often every repository followed is compared with its host. Default a day. */
  readonly reconcileMs?: number
  readonly recordsPerAccount?: number
  /** Of all accounts of one PDS together. */
  readonly recordsPerHost?: number
  readonly resyncsPerAccountPerDay?: number
  /** How soon a repository that could not be read is tried again. Default 10 s, doubling. */
  readonly firstRetryMs?: number
}
