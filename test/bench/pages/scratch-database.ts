import { openCatalog } from '@holdfast/appview/store/open'
import { collections } from '@holdfast/lexicons/nsid'
import postgres from 'postgres'
import { keptDatabase } from '../../system/kept-database.ts'
import { templates } from './templates.ts'

/** Changes with anything that the content of a loaded database depends on, so that an older database is not reused. */
const layout = 2
const accounts = 1_000
const chunk = 100_000

/**
 * Creates a database with this many datasets next to the given one, and returns its URL: every second dataset has a
 * torrent with a counted swarm, every tenth an assessment, every hundredth another describer. The database is kept for
 * later runs.
 */
export function preparePages(
  serverUrl: string,
  datasets: number,
  log: (line: string) => void,
): Promise<string> {
  return keptDatabase(serverUrl, `holdfast_bench_pages_${layout}_${datasets}`, {
    fill: (url) => fill(url, datasets, log),
    log,
  })
}

/** The URI of a dataset by its number, from 1. */
export function datasetOf(number: number): { did: string; rkey: string } {
  return { did: `did:plc:bench${String(number % accounts).padStart(19, '0')}`, rkey: `dataset-${number}` }
}

async function fill(url: string, datasets: number, log: (line: string) => void): Promise<void> {
  // Opening the database creates its schema.
  await (await openCatalog({ databaseUrl: url }))[Symbol.asyncDispose]()
  const client = postgres(url, { max: 1, onnotice: () => {} })
  try {
    const tables = [
      'catalog.record',
      'catalog.dataset',
      'catalog.torrent',
      'catalog.torrent_dataset',
      'catalog.content',
    ]
    // A scratch database needs no crash recovery.
    for (const table of [...tables, 'local.swarm', 'local.swarm_history', 'catalog.dataset_key'])
      await client.unsafe(`ALTER TABLE ${table} SET UNLOGGED`)
    const indexes = await dropIndexes(client)
    await client.unsafe('CREATE UNLOGGED TABLE template (id int PRIMARY KEY, value jsonb)')
    for (const [id, value] of templates().entries())
      await client`INSERT INTO template VALUES (${id}, ${JSON.stringify(value)}::text::jsonb)`
    await client.unsafe(`
      INSERT INTO catalog.account (did, handle, pds_host)
      SELECT ${didOf('n')}, 'author-' || n || '.example.org', 'https://pds.example.org' FROM generate_series(0, ${accounts - 1}) AS n`)
    for (let from = 1; from <= datasets; from += chunk) {
      await fillChunk(client, { from, to: Math.min(from + chunk - 1, datasets), datasets })
      log(`datasets up to ${Math.min(from + chunk - 1, datasets)}`)
    }
    await client.unsafe('DROP TABLE template')
    await client.unsafe(`SET maintenance_work_mem = '1GB'`)
    for (const definition of indexes) await client.unsafe(definition)
    await client.unsafe('VACUUM ANALYZE')
    log('indexes and statistics made')
  } finally {
    await client.end()
  }
}

function didOf(number: string): string {
  return `'did:plc:bench' || lpad((${number} % ${accounts})::text, 19, '0')`
}

async function fillChunk(
  client: postgres.Sql,
  { from, to, datasets }: { from: number; to: number; datasets: number },
): Promise<void> {
  const series = `generate_series(${from}, ${to}) AS n`
  const uri = (collection: keyof typeof collections, number: string) =>
    `'at://' || ${didOf('n')} || '/${collections[collection]}/' || ${number}`
  const dataset = uri('dataset', `'dataset-' || n`)
  const hash = `lpad(to_hex(n), 64, '0')`
  const torrent = uri('torrent', hash)
  const made = `timestamptz '2020-01-01' + n * interval '3 minutes'`
  const count = templates().length
  const many = `n % 2 = 0`
  await client.unsafe(`
    INSERT INTO catalog.record (id, uri, did, kind, cid, rev, value, visible, created_at, indexed_at) OVERRIDING SYSTEM VALUE
    SELECT n, ${dataset}, ${didOf('n')}, 'dataset', 'bafyreibench' || n, '3n', value || jsonb_build_object('title', value ->> 'title' || ' ' || n),
      true, ${made}, ${made} FROM ${series} JOIN template t ON t.id = n % ${count}`)
  await client.unsafe(`
    INSERT INTO catalog.dataset (id, uri, did, group_id, title, publisher, keywords, formats, created_at, indexed_at, visible,
      torrent_count, seeders, risks, scarcities, codes)
    SELECT n, ${dataset}, ${didOf('n')}, CASE WHEN n % 100 = 1 AND n > 1 THEN n - 1 ELSE n END, 'Dataset ' || n, 'Publisher', '{}', '{}', ${made}, ${made}, true,
      CASE WHEN ${many} THEN 1 ELSE 0 END, CASE WHEN ${many} THEN n % 20 END, '{unknown}', '{unknown}', '{}' FROM ${series}`)
  await client.unsafe(
    `INSERT INTO catalog.dataset_key (key, dataset_id) SELECT 'homepage:example.org/' || n, n FROM ${series}`,
  )
  await client.unsafe(`
    INSERT INTO catalog.record (id, uri, did, kind, cid, rev, value, visible, created_at, indexed_at) OVERRIDING SYSTEM VALUE
    SELECT ${datasets} + n, ${torrent}, ${didOf('n')}, 'torrent', 'bafyreitorrent' || n, '3n', jsonb_build_object('name', 'files-' || n,
      'infoHashV2', ${hash}, 'datasets', jsonb_build_array(jsonb_build_object('uri', ${dataset})), 'captured', '2025',
      'webseeds', jsonb_build_array(jsonb_build_object('url', 'https://mirror.example.org/' || n || '/'))), true, ${made}, ${made}
    FROM ${series} WHERE ${many}`)
  await client.unsafe(`
    INSERT INTO catalog.content (id, info_hash_v2, name, size_bytes, piece_length_bytes, file_count, files_indexed, private, announced) OVERRIDING SYSTEM VALUE
    SELECT n, ${hash}, 'files-' || n, n * 1000, 1048576, 12, 12, false, true FROM ${series} WHERE ${many}`)
  await client.unsafe(`
    INSERT INTO catalog.torrent (id, uri, did, info_hash_v2, name, size_bytes, content_id, metainfo_status, created_at, indexed_at, visible, seeders, formats, names_web_seeds, codes)
    SELECT ${datasets} + n, ${torrent}, ${didOf('n')}, ${hash}, 'files-' || n, n * 1000, n, 'verified', ${made}, ${made}, true, n % 20, '{}', true, '{}' FROM ${series} WHERE ${many}`)
  await client.unsafe(
    `INSERT INTO catalog.torrent_dataset (torrent_id, dataset_uri) SELECT ${datasets} + n, ${dataset} FROM ${series} WHERE ${many}`,
  )
  await client.unsafe(`
    INSERT INTO local.swarm (info_hash, tracker, seeders, leechers, completed, scraped_at)
    SELECT ${hash}, 'https://tracker.example.org/announce', n % 20, n % 3, n % 500, now() FROM ${series} WHERE ${many}`)
  await client.unsafe(`
    INSERT INTO local.swarm_history (info_hash, at, seeders, leechers)
    SELECT ${hash}, now() - h * interval '1 day', n % 20, n % 3 FROM ${series} CROSS JOIN generate_series(1, 4) AS h WHERE ${many}`)
  await client.unsafe(`
    INSERT INTO catalog.record (id, uri, did, kind, cid, rev, value, visible, created_at, indexed_at) OVERRIDING SYSTEM VALUE
    SELECT ${2 * datasets} + n, ${uri('assessment', `'3m' || n`)}, ${didOf('n + 1')}, 'assessment', 'bafyreiassess' || n, '3n', jsonb_build_object('subject', jsonb_build_object('uri', ${dataset}),
      'risk', jsonb_build_object('level', 'endangered', 'reason', 'Its program ends.'), 'assessedAt', '2026-01-01T00:00:00Z', 'createdAt', '2026-01-01T00:00:00Z'), true, ${made}, ${made}
    FROM ${series} WHERE n % 10 = 0`)
  await client.unsafe(`
    INSERT INTO catalog.assessment (id, did, subject_uri, subject_keys, risk, assessed_at, visible)
    SELECT ${2 * datasets} + n, ${didOf('n + 1')}, ${dataset}, '{}', 'endangered', ${made}, true FROM ${series} WHERE n % 10 = 0`)
}

async function dropIndexes(client: postgres.Sql): Promise<string[]> {
  const found = await client<{ schemaname: string; indexname: string; indexdef: string }[]>`
    SELECT schemaname, indexname, indexdef FROM pg_indexes WHERE schemaname IN ('catalog', 'local')
      AND tablename IN ('record', 'dataset', 'torrent', 'torrent_dataset', 'content', 'dataset_key', 'assessment')
      AND indexname NOT LIKE '%pk%' AND indexname NOT LIKE '%pkey%'`
  for (const { schemaname, indexname } of found) await client.unsafe(`DROP INDEX ${schemaname}.${indexname}`)
  return found.map(({ indexdef }) => indexdef)
}
