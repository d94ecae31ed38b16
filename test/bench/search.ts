import { searchDatasets } from '@holdfast/appview/search/datasets'
import {
  type MemoryIndexState,
  type RunningMemoryIndex,
  startMemoryIndex,
} from '@holdfast/appview/search/memory/start-memory-index'
import { searchTorrents } from '@holdfast/appview/search/torrents'
import { refreshSearchStatistics } from '@holdfast/appview/search-terms/statistics'
import { type Catalog, openCatalog } from '@holdfast/appview/store/open'
import { rows } from '@holdfast/appview/store/sql'
import { StoreUnavailableError } from '@holdfast/appview/store/store-unavailable'
import { searchExactly } from '@holdfast/appview/testing/exact-search'
import { sql } from 'drizzle-orm'
import type { BenchOptions, BenchResult } from './main.ts'
import { prepareFts5, searchFts5 } from './search/fts5.ts'
import { loadEmbedded } from './search/load-embedded.ts'
import { type BenchQuery, makeQueries } from './search/queries.ts'
import { prepareDatabase } from './search/scratch-database.ts'

const clients = 64

/**
 * Measures query times over a large catalog in PostgreSQL (HOLDFAST_TEST_DATABASE_URL), compared with SQLite FTS5 bm25
 * on the same texts and queries. Our search also counts hits and facets; FTS5 only reads the page.
 * There are three and a half times as many torrents as datasets. The loaded database is kept and reused.
 */
export async function run({ quick, datasets: given, log }: BenchOptions): Promise<BenchResult> {
  const server = process.env.HOLDFAST_TEST_DATABASE_URL
  if (!server)
    throw new Error(
      'Set HOLDFAST_TEST_DATABASE_URL to a PostgreSQL server that may hold the scratch databases.',
    )
  const datasets = given ?? (quick ? 10_000 : 1_000_000)
  const queries = makeQueries(quick ? 100 : 1_000, 20_261_120)
  const large = await measureSize({ server, datasets, torrents: Math.floor(datasets * 3.5), queries, log })
  const curve = await measureGrowth({ server, datasets, queries, log })
  const fts5 = measureFts5(datasets, queries, log)
  const embedded = await measureEmbedded(quick ? 2_000 : 20_000, queries.slice(0, 400), log)
  return {
    figures: {
      ...large,
      fts5P50Ms: fts5.p50,
      fts5P95Ms: fts5.p95,
      pglite20kP50Ms: embedded.times.p50,
      pglite20kP95Ms: embedded.times.p95,
      pglite20kStoreP95Ms: embedded.store.p95,
      ...curve,
    },
    ratios: { p95VsFts5: fts5.p95 / large.p95Ms, p50VsFts5: fts5.p50 / large.p50Ms },
  }
}

interface Sized {
  server: string
  datasets: number
  torrents: number
  queries: readonly BenchQuery[]
  log: (line: string) => void
}

async function measureSize({ server, datasets, torrents, queries, log }: Sized) {
  const url = await prepareDatabase(server, { datasets, torrents }, log)
  await using catalog = await openCatalog({ databaseUrl: url, poolSize: 16 })
  const store = await timeQueries(catalog, queries)
  log(`${datasets} datasets, from the store: ${spell(store)}`)
  await using memory = await readMemory(catalog, log)
  const times = await timeQueries(catalog, queries, memory)
  log(`${datasets} datasets: ${spell(times)}`)
  const torrentTimes = await timeEach(
    queries,
    async ({ words }) => void (await searchTorrents(catalog.db, { q: words.join(' '), limit: 10 })),
  )
  return {
    p50Ms: times.p50,
    p95Ms: times.p95,
    p99Ms: times.p99,
    memoryMB: memory.megabytes,
    memorySeconds: memory.seconds,
    storeP50Ms: store.p50,
    storeP95Ms: store.p95,
    torrentsP50Ms: torrentTimes.p50,
    torrentsP95Ms: torrentTimes.p95,
    qps64: await measureThroughput(catalog, queries, memory),
    storeQps64: await measureThroughput(catalog, queries),
    top10Overlap: await measureOverlap(catalog, queries.slice(0, 200), memory),
    storeTop10Overlap: await measureOverlap(catalog, queries.slice(0, 200)),
    ...(await readSizes(catalog)),
  }
}

interface ReadMemory extends RunningMemoryIndex {
  megabytes: number
  seconds: number
}

/** The index in memory, after it was read. */
async function readMemory(catalog: Catalog, log: (line: string) => void): Promise<ReadMemory> {
  const { promise, resolve, reject } = Promise.withResolvers<{ bytes: number; ms: number }>()
  const onState = (state: MemoryIndexState) =>
    state.kind === 'read' ? resolve(state) : reject(new Error(`no index in memory: ${state.kind}`))
  const memory = await startMemoryIndex({ catalog, maxBytes: 4e9, onState })
  const { bytes, ms } = await promise
  await memory.caughtUp()
  log(`index in memory: ${(bytes / 1e6).toFixed(0)} MB, read in ${(ms / 1000).toFixed(1)} s`)
  return { ...memory, megabytes: bytes / 1e6, seconds: ms / 1000 }
}

function spell({ p50, p95, p99 }: Percentiles): string {
  return `p50 ${p50.toFixed(2)} ms, p95 ${p95.toFixed(2)} ms, p99 ${p99.toFixed(2)} ms`
}

/** Query times at smaller sizes, which show that they grow more slowly than the catalog. */
async function measureGrowth(options: Omit<Sized, 'torrents'>): Promise<Record<string, number>> {
  const figures: Record<string, number> = {}
  for (const datasets of [10_000, 100_000].filter((size) => size < options.datasets)) {
    const url = await prepareDatabase(options.server, { datasets, torrents: 0 }, options.log)
    await using catalog = await openCatalog({ databaseUrl: url })
    const store = await timeQueries(catalog, options.queries)
    await using memory = await readMemory(catalog, options.log)
    const times = await timeQueries(catalog, options.queries, memory)
    options.log(`${datasets} datasets: ${spell(times)}; from the store: ${spell(store)}`)
    figures[`p50MsAt${datasets}`] = times.p50
    figures[`p95MsAt${datasets}`] = times.p95
    figures[`storeP95MsAt${datasets}`] = store.p95
  }
  return figures
}

async function measureEmbedded(
  datasets: number,
  queries: readonly BenchQuery[],
  log: (line: string) => void,
) {
  await using catalog = await openCatalog()
  await loadEmbedded(catalog, datasets)
  await refreshSearchStatistics(catalog.db)
  const store = await timeQueries(catalog, queries)
  await using memory = await readMemory(catalog, log)
  const times = await timeQueries(catalog, queries, memory)
  log(`PGlite, ${datasets} datasets: ${spell(times)}; from the store: ${spell(store)}`)
  return { times, store }
}

function measureFts5(
  datasets: number,
  queries: readonly BenchQuery[],
  log: (line: string) => void,
): Percentiles {
  const database = prepareFts5(datasets, log)
  const times: number[] = []
  for (const query of [...queries.slice(0, 50), ...queries]) {
    const started = performance.now()
    searchFts5(database, query)
    times.push(performance.now() - started)
  }
  const found = percentiles(times.slice(Math.min(50, queries.length)))
  log(`FTS5: p50 ${found.p50.toFixed(1)} ms, p95 ${found.p95.toFixed(1)} ms`)
  return found
}

interface Percentiles {
  p50: number
  p95: number
  p99: number
}

/** Searches the store, or the index in memory, as an AppView does. */
async function timeQueries(
  catalog: Catalog,
  queries: readonly BenchQuery[],
  memory?: RunningMemoryIndex,
): Promise<Percentiles> {
  return timeEach(queries, async ({ search }) => void (await searchDatasets(catalog.db, search, memory)))
}

/** Runs one query after another, after fifty that warm the caches. */
async function timeEach(
  queries: readonly BenchQuery[],
  ask: (query: BenchQuery) => Promise<void>,
): Promise<Percentiles> {
  for (const query of queries.slice(0, 50)) await ask(query)
  const times: number[] = []
  for (const query of queries) {
    const started = performance.now()
    await ask(query)
    times.push(performance.now() - started)
  }
  return percentiles(times)
}

function percentiles(times: readonly number[]): Percentiles {
  const sorted = times.toSorted((a, b) => a - b)
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]!
  return { p50: at(0.5), p95: at(0.95), p99: at(0.99) }
}

/** Measures queries per second with 64 clients. */
async function measureThroughput(
  catalog: Catalog,
  queries: readonly BenchQuery[],
  memory?: RunningMemoryIndex,
): Promise<number> {
  const waiting = [...queries]
  const started = performance.now()
  await Promise.all(
    Array.from({ length: clients }, async () => {
      for (let query = waiting.pop(); query; query = waiting.pop())
        await untilTaken(() => searchDatasets(catalog.db, query.search, memory))
    }),
  )
  return (queries.length / (performance.now() - started)) * 1000
}

/** The store runs three searches at a time and rejects those that have waited too long; clients then ask again. */
async function untilTaken<T>(ask: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await ask()
    } catch (error) {
      if (!(error instanceof StoreUnavailableError)) throw error
    }
  }
}

/** The share of the first ten results that ranking every match in the store by the same scores also gives. */
async function measureOverlap(
  { db }: Catalog,
  queries: readonly BenchQuery[],
  memory?: RunningMemoryIndex,
): Promise<number> {
  let shared = 0
  let compared = 0
  for (const { words } of queries) {
    const search = { q: words.join(' '), limit: 10 }
    const { hits } = await searchDatasets(db, search, memory)
    const exact = await searchExactly(db, search, memory?.current()?.index)
    if (exact.hits.length === 0) continue
    compared++
    const among = exact.hits.filter(({ id }) => hits.some((hit) => hit.id === id))
    shared += among.length / exact.hits.length
  }
  return shared / compared
}

async function readSizes(catalog: Catalog): Promise<{ tableMB: number; indexMB: number }> {
  const [row] = await rows<{ tables: number; indexes: number }>(
    catalog.db,
    sql`SELECT (sum(pg_table_size(oid)) / 1e6)::float8 AS tables, (sum(pg_indexes_size(oid)) / 1e6)::float8 AS indexes FROM pg_class
        WHERE relnamespace = 'catalog'::regnamespace AND relkind = 'r'
          AND relname IN ('dataset', 'dataset_phrases', 'torrent', 'vocabulary', 'term_statistics')`,
  )
  return { tableMB: row!.tables, indexMB: row!.indexes }
}
