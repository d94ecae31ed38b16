import type { Authorities } from '@holdfast/lexicons/authority'

/** The part of the program's configuration that ingest uses. */
export interface IngestConfig {
  /** `HOLDFAST_SOURCES`: relays, PDSes and Jetstreams. */
  readonly sources: readonly { readonly kind: 'firehose' | 'jetstream'; readonly url: string }[]
  readonly authorities: Authorities
  readonly plcUrl: string
  readonly allowPrivateHosts: boolean
  /** With PostgreSQL, only one of several processes ingests. Without it, there is only this process. */
  readonly databaseUrl?: string | undefined
  /** Where to connect for the lock by which only one process follows the network; `databaseUrl` by default. */
  readonly databaseSessionUrl?: string | undefined
  /** `HOLDFAST_READER`: which implementation reads the streams. */
  readonly reader?: 'ours' | 'reference'
  readonly backfill?: boolean
  /** How often every followed repository is compared with its host; by default once a day. */
  readonly reconcileMs?: number
  /** The most memory, in bytes, for all whole repositories that are being read. */
  readonly repoMemoryBytes?: number
  readonly recordsPerAccount?: number
  /** The most records of all accounts of one PDS together. */
  readonly recordsPerHost?: number
  readonly resyncsPerAccountPerDay?: number
  readonly unheardOfPerSourcePerDay?: number
  /** How soon a repository that could not be read is tried again; by default after 10 s, then doubling. */
  readonly firstRetryMs?: number
}
