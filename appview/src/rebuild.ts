import type { Logger } from 'pino'
import { pino } from 'pino'
import { Registry } from 'prom-client'
import { startNewEpochs } from './catalog/changes.ts'
import { becomeLeader } from './catalog/leader.ts'
import { readDueTorrents } from './catalog/metainfo-queue.ts'
import { resetCatalog } from './catalog/migrate.ts'
import { type Catalog, openCatalog } from './catalog/open.ts'
import { countRepoStates, readDueRepos } from './catalog/repo-reads.ts'
import { countTotals } from './catalog/views/stats.ts'
import { applyAdmissionPolicy } from './catalog/visibility.ts'
import type { AppViewConfig } from './config.ts'
import { createGuardedFetch } from './guarded-fetch.ts'
import { carsInDirectory, carsOfDids, fetchWithArchive } from './ingest/archive/archive.ts'
import { type ImportProgress, importRepos } from './ingest/archive/import-repos.ts'
import { createDidResolver } from './ingest/identity/did-resolver.ts'
import { createPdsClient } from './ingest/repo/pds-client.ts'
import { type Ingest, startIngest } from './ingest/start-ingest.ts'
import { startMetainfo } from './start-swarm.ts'

export interface RebuildProgress {
  /** Hosts whose repositories are all listed, of how many. */
  listed: number
  hosts: number
  repos: { synchronized: number; waiting: number }
  datasets: number
  torrents: number
  verifiedTorrents: number
}

export interface RebuildOptions {
  signal: AbortSignal
  /** Where the repositories come from; without it, from whatever the sources list. */
  from?: RebuildFrom
  /** Told of each repository read from an archive or a list. */
  onImport?: (progress: ImportProgress) => void
  onProgress?: (progress: RebuildProgress) => void
  log?: Logger
}

export type RebuildFrom =
  /** A directory that `holdfast-appview export --archive` wrote: repositories as CARs, metainfo in `blobs/`. */
  | { readonly archive: string }
  /** The repositories of these accounts, from their own PDSes. */
  | { readonly dids: readonly string[] }

/**
 * Drops everything that came from the network and gathers it anew: what the operator decided, first-seen times and
 * swarm counts stay, and readers of the streams learn of a new epoch. Resolves when every source is listed, every
 * repository that can be read is read, and every metainfo that can be had is verified.
 *
 * @throws Error when another process follows the network on this store
 */
export async function rebuild(config: AppViewConfig, options: RebuildOptions): Promise<RebuildProgress> {
  const log = options.log ?? pino({ name: 'rebuild', level: config.logLevel })
  await using parts = new AsyncDisposableStack()
  const catalog = parts.use(await openCatalog(config))
  await emptyAlone(catalog, config)
  await applyAdmissionPolicy(catalog.db, config.admission)
  const { allowPrivateHosts } = config
  const { from, signal } = options
  const direct = createGuardedFetch({ allowPrivateHosts })
  const guardedFetch = from && 'archive' in from ? fetchWithArchive(direct, from.archive) : direct
  const resolver = createDidResolver({ plcUrl: config.plcUrl, guardedFetch, allowPrivateHosts })
  parts.use(await startMetainfo({ catalog, config, guardedFetch, resolver, registry: new Registry(), log }))
  if (from) {
    const pds = createPdsClient(guardedFetch)
    const repos =
      'archive' in from ? carsInDirectory(from.archive) : carsOfDids(from.dids, { resolver, pds, signal })
    const { onImport: onProgress } = options
    await importRepos(repos, { db: catalog.db, config, resolver, guardedFetch, log, signal, onProgress })
  }
  const sources = from ? [] : config.sources
  const ingest = parts.use(startIngest({ db: catalog.db, config: { ...config, sources }, guardedFetch, log }))
  // Awaited here: what it reads from is disposed of when this function returns.
  return await untilDone(catalog, ingest, options)
}

/** Empties the catalogue while nobody else writes to it. */
async function emptyAlone(catalog: Catalog, config: AppViewConfig): Promise<void> {
  const leadership = await becomeLeader(config.databaseUrl, { signal: AbortSignal.timeout(3_000) }).catch(
    (cause) => {
      throw new Error('Another process follows the network on this database. Stop it, then rebuild.', {
        cause,
      })
    },
  )
  await using _alone = leadership
  await resetCatalog(catalog.db, catalog.kind)
  await startNewEpochs(catalog.db)
}

const lookMs = 250
/** How often in a row nothing must be left to do: a repository that was just read may bring a torrent to verify. */
const quietLooks = 3

async function untilDone(
  catalog: Catalog,
  ingest: Ingest,
  options: RebuildOptions,
): Promise<RebuildProgress> {
  for (let quiet = 0; ; ) {
    const { progress, isDone } = await look(catalog, ingest)
    options.onProgress?.(progress)
    quiet = isDone ? quiet + 1 : 0
    if (quiet >= quietLooks) return progress
    await pause(lookMs, options.signal)
  }
}

async function look(
  { db }: Catalog,
  ingest: Ingest,
): Promise<{ progress: RebuildProgress; isDone: boolean }> {
  const [status, states, dueRepos, dueTorrents, totals] = await Promise.all([
    ingest.status(),
    countRepoStates(db),
    readDueRepos(db, 1),
    readDueTorrents(db, { limit: 1, except: [] }),
    countTotals(db),
  ])
  // A hint lists nothing: what it holds comes as it is written.
  const listing = status.hosts.filter((host) => host.kind === 'firehose')
  const listed = listing.filter((host) => host.backfill.state === 'done').length
  const { datasets, torrents, verifiedTorrents } = totals
  return {
    progress: {
      listed,
      hosts: listing.length,
      repos: { synchronized: states.synchronized, waiting: states.desynchronized + states['in-progress'] },
      datasets,
      torrents,
      verifiedTorrents,
    },
    isDone:
      listed === listing.length &&
      states['in-progress'] === 0 &&
      dueRepos.length === 0 &&
      dueTorrents.length === 0,
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted()
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', stop)
      resolve()
    }, ms)
    const stop = () => {
      clearTimeout(timer)
      reject(signal.reason)
    }
    signal.addEventListener('abort', stop, { once: true })
  })
}
