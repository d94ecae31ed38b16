import type { RecordOp } from '@holdfast/appview/catalog/apply-batch'
import { cidKeyOf } from '@holdfast/appview/ingest/cid-key'
import { planRecord } from '@holdfast/appview/ingest/record-op'
import { createWanted } from '@holdfast/appview/ingest/wanted'
import type { Catalog } from '@holdfast/appview/store/open'
import { rows } from '@holdfast/appview/store/sql'
import { defaultAuthorities } from '@holdfast/lexicons/authority'
import { collections, methods } from '@holdfast/lexicons/nsid'
import { sql } from 'drizzle-orm'
import { startIndex } from '../../appview/index-under-test.ts'
import { seeded } from '../../torrent/random-tree.ts'
import { measure, measureAtBest } from '../measure-hold.ts'
import { encodeGrown, type GrownRecord, growRecords } from './grow-record.ts'

/**
 * The cost that a record may have, by its size. Times of the main thread are processor times, so that they mean the same on a
 * busy machine.
 */
export const limits = {
  /** The longest time between two turns of the event loop while a request is answered, in milliseconds. */
  requestHoldMs: 50,
  /** The same while a record is validated and indexed, which is not interrupted. */
  ingestHold: { leastMs: 200, msPerKb: 0.3 },
  /** The time until it is written, by the clock. */
  write: { leastMs: 1_500, msPerKb: 3 },
  /** The number of rows per byte of input, whatever its content. */
  rowsPerByte: 1 / 20,
} as const

export interface Finding {
  readonly what: string
  readonly cost: number
  readonly limit: number
}

export interface Fuzzed {
  readonly records: number
  readonly requests: number
  readonly refused: number
  readonly bytes: number
  /** Everything that cost more than it may, and requests that were answered with a fault of our own. */
  readonly findings: readonly Finding[]
  /** What came closest to its limit. */
  readonly nearest: readonly Finding[]
}

const did = 'did:plc:aliceaaaaaaaaaaaaaaaaaaa'

/**
 * Writes every field of every lexicon at its limits into an index, reads it through every interface, and reports what cost too
 * much. `pathsPerDataset` is the number of paths by which a dataset is read; by default all of them.
 */
export async function fuzzRecords(options: {
  open: () => Promise<Catalog>
  seed: number
  beyond?: boolean
  odd?: boolean
  /** The size of a record; by default nearly what a record may have. */
  recordBytes?: number
  pathsPerDataset?: number
  /** How many times slower a busy machine may be, by the clock and in processor time. */
  patience?: { clock: number; processor: number }
  signal?: AbortSignal
}): Promise<Fuzzed> {
  const {
    seed,
    beyond = false,
    odd = false,
    recordBytes,
    pathsPerDataset = Number.POSITIVE_INFINITY,
    patience = { clock: 1, processor: 1 },
  } = options
  await using index = await startIndex({ open: options.open })
  const random = seeded(seed)
  const mayHoldARequestMs = patience.processor * limits.requestHoldMs
  const wanted = createWanted(defaultAuthorities)
  const noted: Finding[] = []
  const note = (what: string, cost: number, limit: number) => void noted.push({ what, cost, limit })
  let [records, requests, refused, bytes, revs] = [0, 0, 0, 0, 0]
  const apply = (op: RecordOp) =>
    index.apply({
      commits: [{ did, rev: `3m${String(++revs).padStart(11, '0')}`, dataCid: 'data', ops: [op] }],
    })

  // Work that is done only once, at the first record and the first request, must not count for them.
  await warmUp(index.url)
  for (const grown of growRecords(random, { beyond, odd, recordBytes })) {
    if (options.signal?.aborted) break
    const record = encodeGrown(grown)
    const rkey = recordKey(grown, ++records)
    const name = `${grown.collection}.${grown.field} of ${JSON.stringify(grown.token)}, ${record.length} bytes`
    const judged = await measure(async () => {
      const path = `${collections[grown.collection]}/${rkey}`
      const plan = planRecord(did, { path, cid: cidKeyOf(record), record }, wanted)!
      return 'decide' in plan ? plan.decide(new Map()) : plan
    })
    const kilobytes = record.length / 1_000
    const mayHoldMs = patience.processor * (limits.ingestHold.leastMs + limits.ingestHold.msPerKb * kilobytes)
    note(`judging ${name}`, judged.holdMs, mayHoldMs)
    const op = judged.result
    if (op.action === 'reject') refused++
    const before = await countRows(index.catalog)
    const written = await measure(() => apply(op))
    note(`indexing ${name}`, written.holdMs, mayHoldMs)
    note(
      `writing ${name}`,
      written.tookMs,
      patience.clock * (limits.write.leastMs + limits.write.msPerKb * kilobytes),
    )
    note(
      `rows of ${name}`,
      (await countRows(index.catalog)) - before,
      100 + limits.rowsPerByte * record.length,
    )
    bytes += record.length
    if (op.action === 'put' && grown.collection === 'dataset') {
      for (const path of pick(pathsOfDataset(rkey), pathsPerDataset, random)) {
        requests++
        const asked = await measureAtBest(() => ask(index.url + path), mayHoldARequestMs)
        note(`${path} with ${name}`, asked.holdMs, mayHoldARequestMs)
        if (asked.result >= 500) note(`${path} with ${name} answers ${asked.result}`, 1, 0)
      }
    }
    await apply({ action: 'delete', uri: op.uri })
  }
  for (const fault of index.takeFaults()) note(`a fault: ${JSON.stringify(fault).slice(0, 500)}`, 1, 0)
  const sorted = noted.toSorted((a, b) => b.cost / b.limit - a.cost / a.limit)
  return {
    ...{ records, requests, refused, bytes },
    findings: sorted.filter(({ cost, limit }) => cost > limit),
    nearest: sorted.slice(0, 10),
  }
}

function pathsOfDataset(rkey: string): string[] {
  const page = `/dataset/${did}/${rkey}`
  const uri = `at://${did}/${collections.dataset}/${rkey}`
  const forms = ['ttl', 'jsonld', 'rdf', 'schema.org']
  return [
    page,
    ...forms.map((form) => `${page}?format=${form}`),
    '/search',
    '/catalog.ttl',
    '/oai?verb=ListRecords&metadataPrefix=oai_dc',
    '/oai?verb=ListRecords&metadataPrefix=oai_datacite',
    '/feeds/datasets.rss',
    '/feeds/datasets.json',
    '/torznab/api?t=search',
    `/xrpc/${methods.getDataset}?${new URLSearchParams({ uri })}`,
    `/xrpc/${methods.searchDatasets}?limit=50`,
  ]
}

async function warmUp(url: string): Promise<void> {
  for (const path of pathsOfDataset('none')) await ask(url + path)
}

async function ask(url: string): Promise<number> {
  const response = await fetch(url)
  await response.arrayBuffer()
  return response.status
}

/** The number of rows in all tables that records are written to. */
async function countRows({ db }: Catalog): Promise<number> {
  const tables = await rows<{ name: string }>(
    db,
    sql`SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables WHERE schemaname IN ('catalog', 'local')`,
  )
  const counts = tables.map(({ name }) => `(SELECT count(*) FROM ${name})`).join(' + ')
  const [row] = await rows<{ n: number }>(db, sql.raw(`SELECT (${counts})::int AS n`))
  return row!.n
}

function pick<T>(all: readonly T[], most: number, random: () => number): readonly T[] {
  return all.length <= most ? all : all.toSorted(() => random() - 0.5).slice(0, most)
}

/** A key that is valid in the collection: a TID, `self`, or any. */
export function recordKey({ collection }: GrownRecord, n: number): string {
  if (collection === 'profile') return 'self'
  if (collection === 'dataset' || collection === 'torrent') return `fuzzed-${n}`
  return `3mabc${n.toString(8).padStart(8, '0').replaceAll('0', 'y').replaceAll('1', 'z')}`
}
