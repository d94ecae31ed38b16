import { counted } from '@holdfast/runtime/counted'
import { OperatorError } from '@holdfast/runtime/operator-error'
import type { Logger } from 'pino'
import { pino } from 'pino'
import { applyAdmissionPolicy } from './catalog/admission-policy.ts'
import { countRecords, countRepoStates, readDueRepos } from './catalog/read/repo.ts'
import { hasMetainfoToDo } from './catalog/swarms/metainfo-queue.ts'
import { sweep } from './catalog/sweeps.ts'
import { countTotals } from './catalog/views/pages/stats.ts'
import type { AppViewConfig } from './config.ts'
import { carsInDirectory, carsOfDids, fetchWithArchive } from './ingest/archive/archive.ts'
import { type ImportProgress, importRepos } from './ingest/archive/import-repos.ts'
import { createDidResolver } from './ingest/identity/did-resolver.ts'
import { hostsToList } from './ingest/ingest-config.ts'
import { type Ingest, startIngest } from './ingest/start-ingest.ts'
import { createPdsClient } from './ingest/state/pds-client.ts'
import { openOutbound } from './open-outbound.ts'
import type { GuardedFetch } from './outbound/guarded-fetch.ts'
import { checkSources, type RebuildFrom } from './rebuild-sources.ts'
import { refreshSearchStatistics } from './search-terms/statistics.ts'
import { startMetainfo } from './start-swarm.ts'
import { becomeLeader, type Leadership } from './store/leader.ts'
import { measureTables } from './store/measure-tables.ts'
import { prepareBeside, swapCatalogs } from './store/migrate.ts'
import { type Catalog, openCatalog } from './store/open.ts'
import type { Db } from './store/sql.ts'
import { readSweeps } from './store/sweep-notes.ts'

export interface RebuildProgress {
  /** How many of `hosts` have listed all their repositories. */
  listed: number
  hosts: number
  repos: { synchronized: number; waiting: number }
  datasets: number
  torrents: number
  verifiedTorrents: number
}

export interface RebuildOptions {
  signal: AbortSignal
  /** Continues a rebuild that was stopped, instead of starting from the beginning. */
  goesOn?: boolean
  /** The share of the index's records that must be found again before it is replaced; by default 0.9. */
  leastShare?: number
  /** Where to read repositories from; by default those that the sources list. */
  from?: RebuildFrom
  /** Called for each repository that was read from an archive or a list. */
  onImport?: (progress: ImportProgress) => void
  onProgress?: (progress: RebuildProgress) => void
  log?: Logger
}

/**
 * Reads everything from the network again into a second catalog. It replaces the old one when every source is listed, every
 * repository that can be read has been read, and all metainfo that can be fetched is verified. The operator's decisions,
 * first-seen times and swarm counts stay, and readers of the streams see a new epoch. Until then, and if the rebuild ends
 * early, the old index is served unchanged.
 *
 * @throws OperatorError when another process follows the network on this store, a source is not what the index was gathered
 *   from, or too little was found
 */
export async function rebuild(config: AppViewConfig, options: RebuildOptions): Promise<RebuildProgress> {
  const log = options.log ?? pino({ name: 'rebuild', level: config.logLevel })
  await using parts = new AsyncDisposableStack()
  const catalog = parts.use(await openCatalog(config))
  const direct = openOutbound(config)
  const pds = createPdsClient(direct)
  await checkSources(options.from, { db: catalog.db, lists: hostsToList(config), pds })
  await applyAdmissionPolicy(catalog.db, config.admission)
  const startedAt = new Date()
  await using lead = await leadAlone(config)
  const beside = await prepareBeside(catalog.db, { isNew: options.goesOn !== true })
  const progress = await gather({ ...catalog, db: beside }, { config, direct, log, lead, ...options })
  await checkFound(options, { before: catalog.db, found: beside })
  await refreshSearchStatistics(beside)
  options.signal.throwIfAborted()
  await swapCatalogs(catalog.db, startedAt)
  for (const subject of await readSweeps(catalog.db)) await sweep(catalog.db, subject)
  return progress
}

/** Takes the right to follow the network. A server that is started meanwhile does not ingest, but serves the old index. */
async function leadAlone(config: AppViewConfig): Promise<Leadership> {
  const url = config.databaseUrl && (config.databaseSessionUrl ?? config.databaseUrl)
  return becomeLeader('ingest', url, { signal: AbortSignal.timeout(3_000) }).catch((cause) => {
    throw new OperatorError(
      'Another process follows the network on this database. Stop it, then rebuild. Once the rebuild has begun, that process can be started again: it serves the old index until the new one is complete.',
      { cause },
    )
  })
}

interface Gathering extends RebuildOptions {
  config: AppViewConfig
  direct: GuardedFetch
  log: Logger
  lead: Leadership
}

/** Fills a catalog from the given place; resolves when nothing is left to do. */
async function gather(catalog: Catalog, parts: Gathering): Promise<RebuildProgress> {
  const { config, direct, from, log, lead } = parts
  const signal = AbortSignal.any([parts.signal, lead.lost])
  const { db } = catalog
  await using running = new AsyncDisposableStack()
  const isArchive = from !== undefined && 'archive' in from
  const guardedFetch = isArchive ? fetchWithArchive(direct, from.archive) : direct
  const { plcUrl, allowPrivateHosts } = config
  const resolver = createDidResolver({ plcUrl, guardedFetch, allowPrivateHosts })
  const swarm = { catalog, config, guardedFetch, resolver, log }
  running.use(await startMetainfo(swarm, { isArchive }))
  if (from) {
    const pds = createPdsClient(guardedFetch)
    const repos =
      'archive' in from ? carsInDirectory(from.archive) : carsOfDids(from.dids, { resolver, pds, signal })
    const measured = startMeasuring(db)
    const onProgress = (progress: ImportProgress) => {
      measured(progress.records)
      parts.onImport?.(progress)
    }
    await importRepos(repos, { db, config, resolver, guardedFetch, log, signal, onProgress })
  }
  const { sources, backfill } = from ? { sources: [], backfill: [] } : config
  // This process has the right to follow the network already, so ingest must not wait for it.
  const alone = { ...config, sources, backfill, databaseUrl: undefined }
  const ingest = running.use(startIngest({ db, config: alone, guardedFetch, log }))
  return await untilDone(catalog, ingest, { ...parts, signal })
}

/** Compares what was found with the old index. @throws OperatorError when too little was found; the old index then stays */
async function checkFound(
  { from, leastShare = defaultLeastShare }: RebuildOptions,
  { before, found }: { before: Db; found: Db },
): Promise<void> {
  const dids = from && 'dids' in from ? from.dids : undefined
  const [had, has] = await Promise.all([countRecords(before, dids), countRecords(found, dids)])
  if (has >= had * leastShare) return
  const percent = (share: number) => `${Math.floor(share * 100)} %`
  throw new OperatorError(
    `Found ${counted(has, 'record')}, and the index has ${had}: ${percent(has / had)}, less than ${percent(leastShare)}. The index was not changed. Rebuild with --continue to search further, or with --at-least ${Math.floor((has / had) * 100)} to accept what was found.`,
  )
}

/** The least share of the old index's records that must be found again. */
const defaultLeastShare = 0.9

const lookMs = 250
/** How many checks in a row must find nothing left to do, since a repository that was just read may add a torrent to verify. */
const quietLooks = 3
/** The time between two checks, each of which counts the whole catalog. */
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
  if (listed < hosts || (await hasMetainfoToDo(db))) return false
  const [dueRepos, states] = await Promise.all([readDueRepos(db, 1), countRepoStates(db)])
  return dueRepos.length === 0 && states['in-progress'] === 0
}

/** Counts the hosts that have listed all repositories. */
async function readListing(ingest: Ingest): Promise<{ hosts: number; listed: number }> {
  const { listings } = await ingest.status()
  return {
    hosts: listings.length,
    listed: listings.filter(({ backfill }) => backfill.state === 'done').length,
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
 * Makes a function that runs ANALYZE each time the number of records has doubled. PostgreSQL plans by its last statistics,
 * and scans a table from end to end that it takes for empty.
 */
function startMeasuring(db: Db): (records: number) => void {
  let next = firstMeasured
  return (records) => {
    if (records < next) return
    next = records * 2
    // If this fails, plans are only worse for a while.
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
