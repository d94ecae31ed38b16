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
  /** `HOLDFAST_BACKFILL`: the servers that list repositories, as `http://` URLs; by default the relays and PDSes among the sources. */
  readonly backfill?: readonly string[]
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

/** A server whose repositories are listed. */
export interface ListedHost {
  readonly host: string
  readonly httpUrl: string
  /** Whether its whole stream is followed, so that looking at each of its repositories is no more than is read anyway. */
  readonly isFollowed: boolean
}

/** The servers whose repositories are listed, to find what existed before this index followed the sources, and what was missed. */
export function hostsToList({
  sources,
  backfill,
}: Pick<IngestConfig, 'sources' | 'backfill'>): readonly ListedHost[] {
  const followed = sources
    .filter(({ kind }) => kind === 'firehose')
    .map(({ url }) => url.replace(/^ws/, 'http'))
  const hosts = (backfill ?? followed).map((httpUrl): [string, ListedHost] => {
    const { host } = new URL(httpUrl)
    const isFollowed = followed.some((url) => new URL(url).host === host)
    return [host, { host, httpUrl, isFollowed }]
  })
  return [...new Map(hosts).values()]
}
