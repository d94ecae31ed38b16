import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { baseOf, type SampleRate, sampleCode, sampleRates } from '@holdfast/appview/search-terms/codes'
import { datasetTerms } from '@holdfast/appview/search-terms/dataset-terms'
import { stemOf } from '@holdfast/appview/search-terms/stems'
import { torrentCodes } from '@holdfast/appview/search-terms/torrent-terms'
import { collections } from '@holdfast/lexicons/nsid'
import type postgres from 'postgres'
import { CorpusMaker, type SyntheticDataset } from './corpus.ts'

export interface Sizes {
  datasets: number
  torrents: number
}

/** Datasets and torrents belong to this many accounts in turn. */
export const authors = 1_000

/** The author of a dataset or torrent, by its id. */
export function authorOf(id: number): string {
  const letters = String(id % authors).replaceAll(/\d/g, (digit) => 'abcdefghij'[Number(digit)]!)
  return `did:plc:bench${letters.padStart(19, 'a')}`
}

/** The columns of a dataset row that the indexer writes, in the text format of COPY. */
export async function datasetRow(
  id: number,
  made: SyntheticDataset,
): Promise<{ row: string; phrases: string; words: Iterable<string> }> {
  const did = authorOf(id)
  const uri = `at://${did}/${collections.dataset}/${id}`
  const keywords = made.keywords.map((keyword) => keyword.toLowerCase())
  const record = {
    title: made.title,
    description: made.description,
    publisher: { name: made.publisher },
    keywords: made.keywords.map((name) => ({ name })),
    formats: [{ mediaType: made.format }],
  }
  const terms = await datasetTerms(record, {
    uri,
    did,
    publisher: made.publisher,
    license: made.license,
    keywords,
    formats: [made.format],
    risk: made.risk,
    scarcity: 'unknown',
  })
  const row = [
    id,
    uri,
    did,
    id,
    made.title,
    made.publisher,
    made.license,
    made.risk,
    'unknown',
    null,
    array(keywords),
    array([made.format]),
    made.sizeBytes,
    made.createdAt,
    made.createdAt,
    't',
    made.seeders === null ? 0 : 1,
    made.seeders,
    array([made.risk]),
    array(['unknown']),
    null,
    `{${terms.codes.join(',')}}`,
  ]
  return {
    row: line(row),
    phrases: line([id, terms.phrases]),
    words: terms.vocabulary.filter((v) => v.kind === 'word').map((v) => v.key),
  }
}

const datasetColumns = `id, uri, did, group_id, title, publisher, license, risk, scarcity, gone_before, keywords, formats, size_bytes,
  created_at, indexed_at, visible, torrent_count, seeders, risks, scarcities, deadline, codes`

/** A part of the corpus that one worker makes and copies in; each part has a seed of its own. */
export interface Chunk {
  url: string
  kind: 'datasets' | 'torrents'
  from: number
  count: number
}

export const chunkSize = { datasets: 20_000, torrents: 50_000 }
/** The number of datasets, and of torrents, that are made word by word; the others repeat them. A multiple of `authors`. */
export const distinct = 250_000
/** Two cores make the corpus; a third worker uses the time in which they wait for the database. */
const workers = 3

/**
 * Fills an empty catalog with what the indexer would have written, by COPY and without indexes, and then creates the
 * indexes. The tables are unlogged, because a scratch database needs no crash recovery.
 */
export async function loadPostgres(
  url: string,
  client: postgres.Sql,
  sizes: Sizes,
  log: (line: string) => void,
): Promise<void> {
  const indexes = await dropIndexes(client, ['dataset', 'torrent', 'dataset_phrases', 'vocabulary'])
  for (const table of ['dataset', 'dataset_phrases', 'torrent', 'vocabulary'])
    await client.unsafe(`ALTER TABLE catalog.${table} SET UNLOGGED`)
  await client.unsafe('CREATE UNLOGGED TABLE word (word text, base bigint)')
  const chunks = [
    ...chunksOf(url, { kind: 'datasets', after: 0, total: Math.min(sizes.datasets, distinct) }),
    ...chunksOf(url, { kind: 'torrents', after: sizes.datasets, total: Math.min(sizes.torrents, distinct) }),
  ]
  await Promise.all(Array.from({ length: workers }, () => work(chunks, log)))
  await finish(client, indexes, sizes, log)
}

/** Completes the database after every chunk is in: further datasets and torrents, the vocabulary and the indexes. */
export async function finish(
  client: postgres.Sql,
  indexes: Indexes,
  sizes: Sizes,
  log: (line: string) => void,
): Promise<void> {
  await multiplyDatasets(client, sizes)
  await multiplyTorrents(client, sizes)
  log(`${sizes.datasets} datasets, ${sizes.torrents} torrents`)
  await client.unsafe(
    `INSERT INTO catalog.vocabulary (kind, key, text, base) SELECT 'word', word, word, min(base) FROM word GROUP BY word`,
  )
  await client.unsafe('DROP TABLE word')
  await createIndexes(client, indexes, log)
  await client.unsafe('VACUUM ANALYZE catalog.dataset')
  await client.unsafe('VACUUM ANALYZE catalog.torrent')
}

export async function createIndexes(client: postgres.Sql, indexes: Indexes, log: (line: string) => void) {
  await client.begin(async (tx) => {
    await tx.unsafe(`SET LOCAL maintenance_work_mem = '1GB'`)
    for (const [name, definition] of indexes) {
      const started = performance.now()
      await tx.unsafe(definition)
      log(`index ${name}: ${((performance.now() - started) / 1000).toFixed(0)} s`)
    }
  })
}

/**
 * Repeats the datasets until there are enough: each copy is another record with the same words, so that every word is
 * as common as it should be, and belongs to samples of its own.
 */
async function multiplyDatasets(client: postgres.Sql, { datasets }: Sizes): Promise<void> {
  const { id, codes, among } = copiesOf('d', datasets)
  await client.unsafe(`
    INSERT INTO catalog.dataset (${datasetColumns})
    SELECT ${id}, d.uri || '-' || copy, d.did, ${id}, d.title, d.publisher, d.license, d.risk, d.scarcity, d.gone_before,
      d.keywords, d.formats, d.size_bytes + copy, d.created_at + copy * interval '1 minute', d.indexed_at, d.visible,
      d.torrent_count, d.seeders, d.risks, d.scarcities, d.deadline, ${codes}
    FROM catalog.dataset d ${among}`)
  await client.unsafe(`
    INSERT INTO catalog.dataset_phrases (dataset_id, phrases)
    SELECT d.dataset_id + copy * ${distinct}, d.phrases
    FROM catalog.dataset_phrases d ${copiesOf('d', datasets, 'dataset_id').among}`)
}

/** The same for torrents, whose ids follow those of the datasets. */
async function multiplyTorrents(client: postgres.Sql, { datasets, torrents }: Sizes): Promise<void> {
  const { id, codes, among } = copiesOf('t', datasets + torrents)
  await client.unsafe(`
    INSERT INTO catalog.torrent (id, uri, did, info_hash_v1, name, size_bytes, content_id,
      metainfo_status, created_at, indexed_at, visible, seeders, formats, names_web_seeds, codes)
    SELECT ${id}, t.uri || '-' || copy, t.did, lpad(to_hex(${id}), 40, '0'), t.name, t.size_bytes + copy, ${id},
      t.metainfo_status, t.created_at + copy * interval '1 minute', t.indexed_at, t.visible, t.seeders, t.formats, false, ${codes}
    FROM catalog.torrent t ${among}`)
}

/** Expressions for the copies of a table's rows up to an id: the copy's id, its codes, and the join that makes the copies. */
function copiesOf(row: string, lastId: number, idColumn = 'id') {
  const id = `(${row}.${idColumn} + copy * ${distinct})`
  const samples = sampleRates.map((n) => `SELECT ${sampleCode(n as SampleRate)} WHERE ${id} % ${n} = 0`)
  const codes = `ARRAY(SELECT code FROM unnest(${row}.codes) AS code WHERE NOT code = ANY ('{${sampleRates.map(sampleCode).join(',')}}')
    UNION ALL ${samples.join(' UNION ALL ')} ORDER BY 1)`
  const among = `CROSS JOIN generate_series(1, ${Math.ceil(lastId / distinct)}) AS copy WHERE ${id} <= ${lastId}`
  return { id, codes, among }
}

function chunksOf(
  url: string,
  { kind, after, total }: { kind: Chunk['kind']; after: number; total: number },
): Chunk[] {
  const size = chunkSize[kind]
  return Array.from({ length: Math.ceil(total / size) }, (_, i) => ({
    url,
    kind,
    from: after + i * size + 1,
    count: Math.min(size, total - i * size),
  }))
}

async function work(chunks: Chunk[], log: (line: string) => void): Promise<void> {
  const worker = new Worker(new URL('./load-worker.ts', import.meta.url))
  try {
    for (let chunk = chunks.shift(); chunk; chunk = chunks.shift()) {
      worker.postMessage(chunk)
      await once(worker, 'message')
      log(`${chunk.kind} up to ${chunk.from + chunk.count - 1}`)
    }
  } finally {
    await worker.terminate()
  }
}

export type Indexes = readonly (readonly [name: string, definition: string])[]

/** Drops the indexes of these tables except the primary keys, and returns them for {@link createIndexes}. */
export async function dropIndexes(client: postgres.Sql, tables: readonly string[]): Promise<Indexes> {
  const found = await client<{ schemaname: string; indexname: string; indexdef: string }[]>`
    SELECT schemaname, indexname, indexdef FROM pg_indexes WHERE schemaname IN ('catalog', 'local')
      AND tablename = ANY (${[...tables]}) AND indexname NOT LIKE '%pk%'`
  for (const { schemaname, indexname } of found) await client.unsafe(`DROP INDEX ${schemaname}.${indexname}`)
  return found.map(({ indexname, indexdef }) => [indexname, indexdef])
}

/** Makes a chunk and copies it into the database. */
export async function loadChunk(client: postgres.Sql, { kind, from, count }: Chunk): Promise<void> {
  if (kind === 'torrents') {
    const maker = new CorpusMaker(2_000_000 + from)
    const lines = Array.from({ length: count }, (_, i) => torrentRow(from + i, maker))
    await copy(
      client,
      `catalog.torrent (id, uri, did, info_hash_v1, name, size_bytes, content_id, metainfo_status, created_at,
      indexed_at, visible, seeders, formats, names_web_seeds, codes)`,
      lines,
    )
    return
  }
  const maker = new CorpusMaker(from)
  const made = []
  for (let i = 0; i < count; i++) made.push(await datasetRow(from + i, maker.dataset()))
  await copy(
    client,
    `catalog.dataset (${datasetColumns})`,
    made.map((one) => one.row),
  )
  await copy(
    client,
    'catalog.dataset_phrases (dataset_id, phrases)',
    made.map((one) => one.phrases),
  )
  const words = new Set(made.flatMap((one) => [...one.words]))
  await copy(
    client,
    'word (word, base)',
    [...words].map((word) => line([word, baseOf(stemOf(word))])),
  )
}

function torrentRow(id: number, maker: CorpusMaker): string {
  const made = maker.torrent()
  const did = authorOf(id)
  const uri = `at://${did}/${collections.torrent}/${id}`
  const codes = torrentCodes({ uri, did, name: made.name, paths: made.paths })
  return line([
    id,
    uri,
    did,
    id.toString(16).padStart(40, '0'),
    made.name,
    made.sizeBytes,
    // The content of a torrent has the same id, where a bench has contents.
    id,
    'verified',
    made.createdAt,
    made.createdAt,
    't',
    made.seeders,
    '{}',
    'f',
    `{${codes.join(',')}}`,
  ])
}

async function copy(client: postgres.Sql, into: string, lines: readonly string[]): Promise<void> {
  const stream = await client.unsafe(`COPY ${into} FROM STDIN`).writable()
  const done = once(stream, 'finish')
  for (let i = 0; i < lines.length; i += 500) {
    if (!stream.write(`${lines.slice(i, i + 500).join('\n')}\n`)) await once(stream, 'drain')
  }
  stream.end()
  await done
}

function line(values: readonly (string | number | null)[]): string {
  return values
    .map((value) =>
      value === null
        ? '\\N'
        : String(value).replaceAll('\\', '\\\\').replaceAll('\t', '\\t').replaceAll('\n', '\\n'),
    )
    .join('\t')
}

function array(values: readonly string[]): string {
  return `{${values.map((value) => `"${value.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`).join(',')}}`
}
