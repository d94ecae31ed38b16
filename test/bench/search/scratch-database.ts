import { refreshSearchStatistics } from '@holdfast/appview/search-terms/statistics'
import { openCatalog } from '@holdfast/appview/store/open'
import postgres from 'postgres'
import { keptDatabase } from '../../system/kept-database.ts'
import { loadPostgres, type Sizes } from './load-postgres.ts'

/** Changes with anything that the content of a loaded database depends on, so that an older database is not reused. */
export const layout = 5

/**
 * Creates a database with a synthetic catalog of these sizes next to the given one, and returns its URL. The database
 * is kept for later runs.
 */
export function prepareDatabase(
  serverUrl: string,
  sizes: Sizes,
  log: (line: string) => void,
): Promise<string> {
  const name = `holdfast_bench_search_${layout}_${sizes.datasets}_${sizes.torrents}`
  return keptDatabase(serverUrl, name, { fill: (url) => fill(url, sizes, log), log })
}

/** Fills an empty database, so that everything of datasets and torrents that is searched is there. */
export async function fill(url: string, sizes: Sizes, log: (line: string) => void): Promise<void> {
  await using catalog = await openCatalog({ databaseUrl: url })
  const client = postgres(url, { max: 1, onnotice: () => {} })
  try {
    await loadPostgres(url, client, sizes, log)
  } finally {
    await client.end()
  }
  const started = performance.now()
  await refreshSearchStatistics(catalog.db)
  log(`statistics: ${((performance.now() - started) / 1000).toFixed(1)} s`)
}
