import { applyAdmissionPolicy } from '@holdfast/appview/catalog/admission-policy'
import { openCatalog } from '@holdfast/appview/store/open'
import { createScratchDatabase } from '@holdfast/appview/testing/backends'
import { collections } from '@holdfast/lexicons/nsid'
import { sql } from 'drizzle-orm'
import postgres from 'postgres'
import { keptDatabase } from '../../system/kept-database.ts'
import { fill as fillDenied, tellAll } from '../denial/fill.ts'
import { authorOf, authors, createIndexes, dropIndexes } from '../search/load-postgres.ts'
import { fill as fillSearched, layout as searchedLayout } from '../search/scratch-database.ts'

/** Changes with anything that the content of a loaded database depends on, so that an older database is not reused. */
const layout = 1

/** The account that is denied, and a word that only its titles contain. */
export const large = { did: `did:plc:${'large'.repeat(5).slice(0, 24)}`, word: 'holdfastcrowd' } as const
/** How many records of others the live stream still has when it begins. */
const toldOfOthers = 400_000

export interface CrowdSizes {
  /** Datasets of all accounts but the large one. */
  datasets: number
  torrents: number
  /** Datasets of the large account, which has as many torrents. */
  large: number
}

export function crowdSizes(datasets: number): CrowdSizes {
  return { datasets, torrents: Math.floor(datasets * 3.5), large: Math.min(50_000, datasets / 20) }
}

/**
 * Creates a database of these sizes next to the given one, which is dropped on disposal. It is a copy of a database that is
 * kept for later runs.
 */
export async function prepareCrowd(serverUrl: string, sizes: CrowdSizes, log: (line: string) => void) {
  const name = `holdfast_bench_crowd_${searchedLayout}_${layout}_${sizes.datasets}`
  await keptDatabase(serverUrl, name, { fill: (url) => fill(url, sizes, log), log })
  const started = performance.now()
  const copy = await createScratchDatabase(serverUrl, { template: name })
  log(`copied in ${((performance.now() - started) / 1_000).toFixed(1)} s`)
  return copy
}

async function fill(url: string, sizes: CrowdSizes, log: (line: string) => void): Promise<void> {
  await using catalog = await openCatalog({ databaseUrl: url })
  // As long as the catalog is empty, this takes no time.
  await applyAdmissionPolicy(catalog.db, 'open')
  await fillSearched(url, sizes, log)
  const client = postgres(url, { max: 1, onnotice: () => {} })
  try {
    await fillRecords(client, sizes, log)
  } finally {
    await client.end()
  }
  await fillDenied({
    ...{ db: catalog.db, did: large.did, word: large.word, accounts: 1 },
    ...{ datasets: sizes.large, torrents: sizes.large },
  })
  log(`${2 * sizes.large} records of the account that is denied`)
  await tellAll(catalog.db, sql`id <= ${toldOfOthers} OR did = ${large.did}`)
  await catalog.db.execute(sql`VACUUM ANALYZE`)
}

/** Writes the records, contents and references that belong to the datasets and torrents. */
async function fillRecords(
  client: postgres.Sql,
  { datasets, torrents }: CrowdSizes,
  log: (line: string) => void,
): Promise<void> {
  const tables = ['record', 'content', 'torrent_dataset']
  const indexes = await dropIndexes(client, tables)
  // A scratch database needs no crash recovery.
  for (const table of tables) await client.unsafe(`ALTER TABLE catalog.${table} SET UNLOGGED`)
  const dids = Array.from({ length: authors }, (_, i) => authorOf(i))
  await client`INSERT INTO catalog.account (did, handle, pds_host)
    SELECT did, 'author-' || n || '.example.org', 'https://pds.example.org'
    FROM unnest(${dids}::text[]) WITH ORDINALITY AS a (did, n)`
  const cid = `'bafyreigdmqpykrgxyaxtlafqpqhzrb7qy2rh75nldvfd4tucqmqqme5yje'`
  const columns =
    '(id, uri, did, kind, cid, rev, value, visible, created_at, indexed_at) OVERRIDING SYSTEM VALUE'
  await client.unsafe(`
    INSERT INTO catalog.record ${columns}
    SELECT id, uri, did, 'dataset', ${cid}, '3m1', jsonb_build_object('$type', '${collections.dataset}', 'title', title,
      'description', repeat('measured every hour ', 20), 'publisher', jsonb_build_object('name', publisher),
      'license', jsonb_build_object('spdx', license), 'createdAt', to_json(created_at)), true, created_at, indexed_at
    FROM catalog.dataset`)
  await client.unsafe(`
    INSERT INTO catalog.record ${columns}
    SELECT t.id, t.uri, t.did, 'torrent', ${cid}, '3m1', jsonb_build_object('$type', '${collections.torrent}', 'name', t.name,
      'infoHashV1', t.info_hash_v1, 'datasets', jsonb_build_array(jsonb_build_object('uri', d.uri)),
      'createdAt', to_json(t.created_at)), true, t.created_at, t.indexed_at
    FROM catalog.torrent t JOIN catalog.dataset d ON d.id = 1 + t.id % ${datasets}`)
  log(`${datasets + torrents} records`)
  await client.unsafe(`
    INSERT INTO catalog.content (id, info_hash_v1, name, size_bytes, piece_length_bytes, file_count, files_indexed, private,
      announced) OVERRIDING SYSTEM VALUE
    SELECT content_id, info_hash_v1, name, size_bytes, 1048576, 12, 12, false, true FROM catalog.torrent`)
  await client.unsafe(`
    INSERT INTO catalog.torrent_dataset (torrent_id, dataset_uri)
    SELECT t.id, d.uri FROM catalog.torrent t JOIN catalog.dataset d ON d.id = 1 + t.id % ${datasets}`)
  for (const table of ['record', 'content'])
    await client.unsafe(
      `SELECT setval(pg_get_serial_sequence('catalog.${table}', 'id'), ${datasets + torrents})`,
    )
  await createIndexes(client, indexes, log)
  for (const table of tables) await client.unsafe(`VACUUM ANALYZE catalog.${table}`)
}
