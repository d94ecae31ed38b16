import type { Logger } from 'pino'
import { pino } from 'pino'
import { startNewEpochs } from './catalog/changes.ts'
import { type Catalog, openCatalog } from './catalog/open.ts'
import { countRepoStates, readDueRepos } from './catalog/reads/repo-reads.ts'
import { refreshSearchStatistics } from './catalog/search/terms/statistics.ts'
import type { Db } from './catalog/sql.ts'
import { becomeLeader } from './catalog/store/leader.ts'
import { measureTables } from './catalog/store/measure-tables.ts'
import { resetCatalog } from './catalog/store/migrate.ts'
import { readDueTorrents } from './catalog/swarms/metainfo-queue.ts'
import { countTotals } from './catalog/views/pages/stats.ts'
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
  const isArchive = from !== undefined && 'archive' in from
  const guardedFetch = isArchive ? fetchWithArchive(direct, from.archive) : direct
  const resolver = createDidResolver({ plcUrl: config.plcUrl, guardedFetch, allowPrivateHosts })
  const swarm = { catalog, config, guardedFetch, resolver, log }
  parts.use(await startMetainfo(swarm, { isArchive }))
  if (from) {
    const pds = createPdsClient(guardedFetch)
    const repos =
      'archive' in from ? carsInDirectory(from.archive) : carsOfDids(from.dids, { resolver, pds, signal })
    const measured = startMeasuring(catalog.db)
    const onProgress = (progress: ImportProgress) => {
      measured(progress.records)
      options.onImport?.(progress)
    }
    await importRepos(repos, { db: catalog.db, config, resolver, guardedFetch, log, signal, onProgress })
  }
  const sources = from ? [] : config.sources
  const ingest = parts.use(startIngest({ db: catalog.db, config: { ...config, sources }, guardedFetch, log }))
  const progress = await untilDone(catalog, ingest, options)
  await refreshSearchStatistics(catalog.db)
  return progress
}

/** Empties the catalogue while nobody else writes to it. */
async function emptyAlone(catalog: Catalog, config: AppViewConfig): Promise<void> {
  const leadership = await becomeLeader('ingest', config.databaseUrl, {
    signal: AbortSignal.timeout(3_000),
  }).catch((cause) => {
    throw new Error('Another process follows the network on this database. Stop it, then rebuild.', {
      cause,
    })
  })
  await using _alone = leadership
  await resetCatalog(catalog.db, catalog.kind)
  await startNewEpochs(catalog.db)
}

const lookMs = 250
/** How often in a row nothing must be left to do: a repository that was just read may bring a torrent to verify. */
const quietLooks = 3
/** Counting everything takes longer the more there is. */
const progressMs = 2_000

async function untilDone(
  catalog: Catalog,
  ingest: Ingest,
  options: RebuildOptions,
): Promise<RebuildProgress> {
  let toldAtMs = 0
  for (let quiet = 0; ; ) {
    quiet = (await isDone(catalog, ingest)) ? quiet + 1 : 0
    if (quiet >= quietLooks) break
    if (options.onProgress && performance.now() - toldAtMs >= progressMs) {
      options.onProgress(await readProgress(catalog, ingest))
      toldAtMs = performance.now()
    }
    await pause(lookMs, options.signal)
  }
  const progress = await readProgress(catalog, ingest)
  options.onProgress?.(progress)
  return progress
}

async function isDone({ db }: Catalog, ingest: Ingest): Promise<boolean> {
  const { hosts, listed } = await readListing(ingest)
  if (listed < hosts || (await readDueTorrents(db, { limit: 1, except: [] })).length > 0) return false
  const [dueRepos, states] = await Promise.all([readDueRepos(db, 1), countRepoStates(db)])
  return dueRepos.length === 0 && states['in-progress'] === 0
}

/** Of the sources that list repositories: a hint lists nothing, what it holds comes as it is written. */
async function readListing(ingest: Ingest): Promise<{ hosts: number; listed: number }> {
  const listing = (await ingest.status()).hosts.filter((host) => host.kind === 'firehose')
  return {
    hosts: listing.length,
    listed: listing.filter((host) => host.backfill.state === 'done').length,
  }
}

async function readProgress({ db }: Catalog, ingest: Ingest): Promise<RebuildProgress> {
  const [listing, states, totals] = await Promise.all([
    readListing(ingest),
    countRepoStates(db),
    countTotals(db),
  ])
  const { datasets, torrents, verifiedTorrents } = totals
  const repos = {
    synchronized: states.synchronized,
    waiting: states.desynchronized + states['in-progress'],
  }
  return { ...listing, repos, datasets, torrents, verifiedTorrents }
}

const firstMeasured = 1_000

/**
 * PostgreSQL plans by what it last measured of its tables, and a full table that it takes for empty is searched from
 * end to end. Returns what measures again each time the records have doubled.
 */
function startMeasuring(db: Db): (records: number) => void {
  let next = firstMeasured
  return (records) => {
    if (records < next) return
    next = records * 2
    // A plan that is worse for a while is all that a failure costs.
    measureTables(db).catch(() => {})
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
