import { openCatalog } from '@holdfast/appview/catalog/open'
import { refreshSearchStatistics } from '@holdfast/appview/catalog/search/statistics'
import postgres from 'postgres'
import { loadPostgres, type Sizes } from './load-postgres.ts'

/** Changes with anything that a loaded database depends on: an older one is left alone. */
const layout = 1

/**
 * A database with a synthetic catalogue of these sizes beside the given one, and its URL. Loading takes minutes, so it
 * stays; one that is already there is used again.
 */
export async function prepareDatabase(
  serverUrl: string,
  sizes: Sizes,
  log: (line: string) => void,
): Promise<string> {
  const name = `holdfast_bench_search_${layout}_${sizes.datasets}_${sizes.torrents}`
  const url = new URL(serverUrl)
  url.pathname = `/${name}`
  const admin = postgres(serverUrl, { max: 1, onnotice: () => {} })
  try {
    const [found] =
      await admin`SELECT shobj_description(oid, 'pg_database') AS note FROM pg_database WHERE datname = ${name}`
    if (found?.note === 'loaded') {
      log(`using ${name} again`)
      return url.href
    }
    await admin.unsafe(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`)
    await admin.unsafe(`CREATE DATABASE ${name}`)
    await fill(url.href, sizes, log)
    await admin.unsafe(`COMMENT ON DATABASE ${name} IS 'loaded'`)
    return url.href
  } finally {
    await admin.end()
  }
}

async function fill(url: string, sizes: Sizes, log: (line: string) => void): Promise<void> {
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
