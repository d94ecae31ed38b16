/**
 * Whether a rebuild arrives at the rows that the stream led to: the same records are written one by one as they come, with
 * earlier versions that they replace, and as a whole repository into a second catalog.
 */
import { applyAdmissionPolicy } from '@holdfast/appview/catalog/admission-policy'
import { applyBatch } from '@holdfast/appview/catalog/apply-batch'
import { type CidKey, cidKeyOf } from '@holdfast/appview/ingest/cid-key'
import { budgetOf, createDecoder } from '@holdfast/appview/ingest/decoding'
import { writeSnapshot } from '@holdfast/appview/ingest/resync/snapshot-commits'
import { createWanted } from '@holdfast/appview/ingest/wanted'
import { createSemaphore } from '@holdfast/appview/runtime/semaphore'
import { prepareBeside, swapCatalogs } from '@holdfast/appview/store/migrate'
import type { Catalog } from '@holdfast/appview/store/open'
import { type Db, rows } from '@holdfast/appview/store/sql'
import { defaultAuthorities } from '@holdfast/lexicons/authority'
import { collections } from '@holdfast/lexicons/nsid'
import { sql } from 'drizzle-orm'
import { seeded } from '../../torrent/random-tree.ts'
import { recordKey } from './fuzz-records.ts'
import { encodeGrown, growRecords } from './grow-record.ts'

export interface Rebuilt {
  readonly records: number
  readonly refused: number
  readonly rows: number
  /** A line for each row that only one of the two catalogs has. */
  readonly differences: readonly string[]
}

/** The account that grown records refer to. */
const did = 'did:plc:aaaaaaaaaaaaaaaaaaaaaaaa'
/** Rows do not depend on size as time does, so these records need not be as large as they may be. */
const recordBytes = 20_000

export async function rebuildRecords(options: {
  open: () => Promise<Catalog>
  seed: number
  beyond?: boolean
  odd?: boolean
}): Promise<Rebuilt> {
  const { seed, beyond = false, odd = false } = options
  await using catalog = await options.open()
  await applyAdmissionPolicy(catalog.db, 'open')
  const decode = createDecoder({
    wanted: createWanted(defaultAuthorities),
    memory: createSemaphore({ maxCount: 100, maxBytes: 1e9, signal: new AbortController().signal }),
    onReject: () => {},
  })
  const repo = new Map<string, { path: string; cid: CidKey; record: Uint8Array }>()
  let [revs, refused] = [0, 0]
  const nextRev = () => `3m${String(++revs).padStart(11, '0')}`
  for (const grown of growRecords(seeded(seed), { beyond, odd, recordBytes })) {
    const record = encodeGrown(grown)
    const path = `${collections[grown.collection]}/${keyOf(grown, revs)}`
    const change = { path, cid: cidKeyOf(record), record }
    repo.set(path, change)
    const { ops, release } = await decode(did, [change], budgetOf(record.length))
    await applyBatch(catalog.db, { commits: [{ did, rev: nextRev(), dataCid: 'data', ops }] })
    release()
    refused += ops.filter(({ action }) => action === 'reject').length
  }
  const live = await readRows(catalog.db)

  const startedAt = new Date()
  const beside = await prepareBeside(catalog.db, { isNew: true })
  const records = [...repo.values()].sort((a, b) => (a.path < b.path ? -1 : 1))
  await writeSnapshot(
    {
      rev: nextRev(),
      data: cidKeyOf(Buffer.from('data')),
      records,
      recordBytes: records.reduce((sum, { record }) => sum + record.length, 0),
    },
    {
      did,
      host: 'https://pds.example.org',
      decode,
      known: new Map(),
      admit: async (ops) => ops,
      write: (commit) => applyBatch(beside, { commits: [commit] }),
    },
  )
  await swapCatalogs(catalog.db, startedAt)
  const rebuilt = await readRows(catalog.db)
  return {
    records: records.length,
    refused,
    rows: live.size,
    differences: [
      ...[...live].filter((row) => !rebuilt.has(row)).map((row) => `only live: ${row.slice(0, 500)}`),
      ...[...rebuilt].filter((row) => !live.has(row)).map((row) => `only rebuilt: ${row.slice(0, 500)}`),
    ],
  }
}

/** Every third dataset replaces an earlier one, under the key that grown records refer to. */
function keyOf(grown: Parameters<typeof recordKey>[0], n: number): string {
  return grown.collection === 'dataset' && n % 3 === 0 ? 'xz' : recordKey(grown, n)
}

/**
 * Tables that say how the rows came to be, and not what they are. `vocabulary` also keeps the words of versions that were
 * replaced, until it is counted again.
 */
const besides = [
  'account',
  'backfill',
  'recount',
  'repo',
  'search_change',
  'source_cursor',
  'sweep',
  'term_statistics',
  'vocabulary',
]
/** Columns that say when something was written or is due, or in which commit. */
const passing = new Set(['rev', 'changed_at', 'next_try_at', 'pending_since'])

/** All rows as texts, with URIs in place of the ids that each catalog gives out in its own order. */
async function readRows(db: Db): Promise<ReadonlySet<string>> {
  const records = await rows<{ id: number; uri: string }>(db, sql`SELECT id, uri FROM catalog.record`)
  const uris = new Map(records.map(({ id, uri }) => [Number(id), uri]))
  const grouped = await rows<{ id: number; uri: string }>(
    db,
    sql`SELECT group_id AS id, min(uri) AS uri FROM catalog.dataset GROUP BY group_id`,
  )
  const groups = new Map(grouped.map(({ id, uri }) => [Number(id), uri]))
  const named = (column: string, value: unknown) => {
    if (column === 'group_id') return groups.get(Number(value)) ?? value
    return column === 'id' || column.endsWith('_id') ? (uris.get(Number(value)) ?? value) : value
  }
  const tables = await rows<{ name: string }>(
    db,
    sql`SELECT tablename AS name FROM pg_tables WHERE schemaname = 'catalog'`,
  )
  const all = new Set<string>()
  for (const { name } of tables.filter((table) => !besides.includes(table.name))) {
    const found = await rows<{ row: Record<string, unknown> }>(
      db,
      sql.raw(`SELECT to_jsonb(t) AS row FROM catalog."${name}" t`),
    )
    for (const { row } of found) {
      // A part has an id of its own beside that of its record, since a record may list several.
      const own = 'record_id' in row && 'key' in row ? 'id' : undefined
      const lasting = Object.entries(row).filter(([column]) => !passing.has(column) && column !== own)
      const text = JSON.stringify(lasting.map(([column, value]) => [column, named(column, value)]))
      all.add(`${name} ${text}`)
    }
  }
  return all
}
