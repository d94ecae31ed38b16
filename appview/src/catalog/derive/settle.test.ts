/**
 * Whatever is written in whatever order, the derived rows equal those that are derived from everything at the end.
 * `HOLDFAST_SETTLE_RUNS=500` tries more scripts than a usual run.
 */
import { sql } from 'drizzle-orm'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { testBackends } from '../../../testing/backends.ts'
import { type Db, rows } from '../../store/sql.ts'
import { readSweeps } from '../../store/sweep-notes.ts'
import { applyAdmissionPolicy } from '../admission-policy.ts'
import { decideAdmission } from '../admissions.ts'
import { applyBatch, type RecordOp } from '../apply-batch.ts'
import { writeSwarmCounts } from '../swarms/counts.ts'
import { readDueTorrents, writeMetainfoOutcomes } from '../swarms/metainfo-queue.ts'
import { writeProbes } from '../swarms/probes.ts'
import { addProbeTargets, addTrackerTargets } from '../swarms/targets.ts'
import { sweep } from '../sweeps.ts'
import { settle } from './settle.ts'
import { createTouched } from './touched.ts'

const authors = [0, 1, 2].map((n) => `did:plc:author${n}`)
const tracker = 'udp://tracker.example.org:6969/announce'
const hash = (content: number) => String(content).padStart(40, 'a')
const uriOf = (kind: string, { author, key }: Name) => `at://${authors[author]}/${kind}/${kind}-${key}`

interface Name {
  author: number
  key: number
}

interface Step {
  readonly what: string
  run(db: Db, place: number): Promise<unknown>
}

/** `place` gives each write a higher revision and another CID. */
function commit(db: Db, place: number, { author }: Name, op: RecordOp): Promise<unknown> {
  const rev = `3n${String(place).padStart(11, '0')}`
  return applyBatch(db, { commits: [{ did: authors[author]!, rev, dataCid: 'data', ops: [op] }] })
}

function putStep(kind: string, name: Name, value: Record<string, unknown>): Step {
  const uri = uriOf(kind, name)
  return {
    what: `put ${uri} ${JSON.stringify(value)}`,
    run: (db, place) => {
      const record = { createdAt: '2026-01-02T03:04:05Z', ...value }
      return commit(db, place, name, { action: 'put', uri, kind, cid: `cid-${place}`, value: record })
    },
  }
}

const name = fc.record({ author: fc.nat(2), key: fc.nat(2) })
const risk = fc.option(fc.constantFrom('endangered', 'extinct'), { nil: undefined })
const source = 'https://example.org/data'

const datasets = fc
  .record({
    ...{ name, title: fc.nat(1), hasHomepage: fc.boolean(), doi: fc.option(fc.nat(1), { nil: undefined }) },
    risk,
  })
  .map(({ name, title, hasHomepage, doi, risk }) =>
    putStep('dataset', name, {
      title: `Sea ice ${title}`,
      ...(hasHomepage && { homepage: source }),
      ...(doi !== undefined && { identifiers: [{ scheme: 'doi', value: `10.5067/ICE${doi}` }] }),
      ...(risk && { risk: { level: risk } }),
    }),
  )
const torrents = fc
  .record({ name, content: fc.nat(2), of: fc.array(name, { maxLength: 2 }), before: fc.option(fc.nat(2)) })
  .map(({ name, content, of, before }) =>
    putStep('torrent', name, {
      name: `ice-${content}`,
      infoHashV1: hash(content),
      metainfo: { ref: { $link: `blob-${content}` } },
      datasets: of.map((dataset) => ({ uri: uriOf('dataset', dataset), cid: 'cid' })),
      ...(before !== null && { supersedes: { uri: uriOf('torrent', { ...name, key: before }), cid: 'cid' } }),
    }),
  )
const assessments = fc
  .record({ name, of: name, doi: fc.option(fc.nat(1)), risk })
  .map(({ name, of, doi, risk }) =>
    putStep('assessment', name, {
      subject:
        doi === null
          ? { uri: uriOf('dataset', of) }
          : { identifiers: [{ scheme: 'doi', value: `10.5067/ICE${doi}` }] },
      ...(risk && { risk: { level: risk } }),
    }),
  )
const deletions = fc
  .record({ name, kind: fc.constantFrom('dataset', 'torrent', 'assessment') })
  .map(({ name, kind }): Step => {
    const uri = uriOf(kind, name)
    return { what: `delete ${uri}`, run: (db, place) => commit(db, place, name, { action: 'delete', uri }) }
  })
const outcomes = fc.constantFrom('verified' as const, 'mismatch' as const).map(
  (status): Step => ({
    what: `metainfo ${status}`,
    run: async (db) => {
      const due = await readDueTorrents(db, { limit: 2, except: [] })
      await writeMetainfoOutcomes(
        db,
        due.map(({ id, cid, value }) => {
          if (status === 'mismatch')
            return { id, cid, status, reason: 'infohash-mismatch', detail: 'differs' }
          const infoHashV1 = value.infoHashV1 as string
          const facts = {
            ...{ infoHashV1, infoHashV2: null, name: `files-${infoHashV1}`, sizeBytes: 5 },
            ...{ pieceLengthBytes: 16_384, fileCount: 1, private: false },
            files: [{ path: 'ice.csv', sizeBytes: 5, piecesRoot: null }],
          }
          const metainfo = {
            cid: (value.metainfo as { ref: { $link: string } }).ref.$link,
            bytes: Buffer.from('d'),
          }
          return { id, cid, status, facts, metainfo, warnings: [] }
        }),
      )
    },
  }),
)
const accounts = fc
  .record({ author: fc.nat(2), status: fc.constantFrom(null, 'deactivated', 'deleted') })
  .map(
    ({ author, status }): Step => ({
      what: `account ${author} ${status}`,
      run: (db) => applyBatch(db, { accounts: [{ did: authors[author]!, active: status === null, status }] }),
    }),
  )
const decisions = fc
  .record({
    name,
    content: fc.nat(2),
    kind: fc.constantFrom('did' as const, 'uri' as const, 'infohash' as const),
    action: fc.constantFrom('allow' as const, 'deny' as const, 'restore' as const),
  })
  .map(({ name, content, kind, action }): Step => {
    const value = { did: authors[name.author]!, uri: uriOf('dataset', name), infohash: hash(content) }[kind]
    return { what: `${action} ${value}`, run: (db) => decideAdmission(db, { kind, value }, { action }) }
  })
const counts = fc.record({ content: fc.nat(2), seeders: fc.nat(4) }).map(
  ({ content, seeders }): Step => ({
    what: `${seeders} seeders of ${content}`,
    run: async (db, place) => {
      const infoHash = hash(content)
      const named = await rows<{ id: number }>(
        db,
        sql`SELECT id FROM catalog.torrent WHERE info_hash_v1 = ${infoHash} ORDER BY id LIMIT 1`,
      )
      await addTrackerTargets(
        db,
        named.map(({ id }) => ({ infoHash, tracker, by: { recordId: id } })),
      )
      const at = new Date(1_790_000_000_000 + place * 1_000)
      const count = { infoHash, seeders, leechers: 0, completed: null }
      await writeSwarmCounts(db, { tracker, at, counts: [count] })
    },
  }),
)
const probes = fc
  .record({ name, status: fc.constantFrom('online', 'gone') })
  .map(({ name, status }): Step => {
    const subject = uriOf('dataset', name)
    return {
      what: `${status} ${subject}`,
      run: async (db) => {
        await addProbeTargets(db, [{ subject, url: source, status: 'unchecked', detail: {} }])
        const [nextAt, failed] = [new Date(1_900_000_000_000), false]
        await writeProbes(db, [{ subject, url: source, status, detail: {}, failed, nextAt }], new Date())
      },
    }
  })
/** Does what the sweeper does with veiled accounts later. */
const sweeping: Step = {
  what: 'sweep',
  run: async (db) => {
    for (const subject of await readSweeps(db)) await sweep(db, subject)
  },
}
/** Repeats the answer of every tracker, because decisions about whose trackers count apply from the next answer on. */
async function askAgain(db: Db, place: number): Promise<void> {
  const said = await rows<{ infoHash: string; seeders: number }>(
    db,
    sql`SELECT info_hash AS "infoHash", seeders FROM local.swarm WHERE seeders IS NOT NULL`,
  )
  const counts = said.map((count) => ({ ...count, leechers: 0, completed: null }))
  await writeSwarmCounts(db, { tracker, at: new Date(1_790_000_000_000 + place * 1_000), counts })
}

const steps = fc.array(
  fc
    .oneof(
      { arbitrary: datasets, weight: 4 },
      { arbitrary: torrents, weight: 5 },
      { arbitrary: outcomes, weight: 4 },
      { arbitrary: assessments, weight: 2 },
      { arbitrary: fc.oneof(deletions, accounts, decisions), weight: 4 },
      { arbitrary: fc.oneof(counts, probes), weight: 3 },
    )
    .map(readable),
  { minLength: 15, maxLength: 45, size: 'max' },
)

/** All rows, as if they had just been written and nothing had been derived from them. */
async function touchEverything(db: Db) {
  const ids = async (table: string) =>
    (await rows<{ id: number }>(db, sql`SELECT id FROM ${sql.raw(`catalog.${table}`)}`)).map(({ id }) => id)
  const datasetUris = (await rows<{ uri: string }>(db, sql`SELECT uri FROM catalog.dataset`)).map(
    ({ uri }) => uri,
  )
  const [assessedDatasets, torrents] = [await ids('dataset'), await ids('torrent')]
  return createTouched({
    ...{ records: await ids('record'), assessments: await ids('assessment'), contents: await ids('content') },
    ...{
      assessedDatasets,
      groupedDatasets: assessedDatasets,
      torrents,
      datasetUris,
      probedDatasetUris: datasetUris,
    },
    verifiedTorrents: torrents,
  })
}

const kept = {
  record: sql`SELECT uri, visible, reason, warnings FROM catalog.record ORDER BY uri`,
  dataset: sql`SELECT uri, group_id, visible, torrent_count, seeders, size_bytes, source_status, risks, scarcities, deadline, codes
    FROM catalog.dataset ORDER BY uri`,
  torrent: sql`SELECT uri, visible, metainfo_status, content_id, seeders, wanted, codes FROM catalog.torrent ORDER BY uri`,
  assessment: sql`SELECT id, visible FROM catalog.assessment ORDER BY id`,
  card: sql`SELECT key, dataset_id, visible FROM catalog.card_key ORDER BY key, dataset_id`,
  content: sql`SELECT info_hash_v1, announced FROM catalog.content ORDER BY info_hash_v1`,
  harvested: sql`SELECT dataset_id FROM catalog.dataset_change ORDER BY dataset_id`,
}
const told = {
  infoHashes: sql`SELECT seq, action, info_hash_v1 FROM local.info_hash_change ORDER BY seq`,
  records: sql`SELECT seq, action, uri FROM local.record_change ORDER BY seq`,
}

async function read(db: Db, what: Readonly<Record<string, ReturnType<typeof sql>>>): Promise<object> {
  const found = await Promise.all(
    Object.entries(what).map(async ([name, query]) => [name, await rows(db, query)]),
  )
  return Object.fromEntries(found)
}

/** Deletes everything but the admission policy. */
async function empty(db: Db): Promise<void> {
  const tables = await rows<{ name: string }>(
    db,
    sql`SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables
        WHERE schemaname IN ('catalog', 'local') AND tablename NOT IN ('setting', 'stream')`,
  )
  await db.execute(sql.raw(`TRUNCATE ${tables.map(({ name }) => name).join(', ')}`))
}

/** Resets everything that is derived, so that only what was written is left. */
async function scrub(db: Db): Promise<void> {
  for (const table of ['record', 'dataset', 'torrent', 'webseed', 'assessment', 'profile', 'card_key'])
    await db.execute(sql`UPDATE ${sql.raw(`catalog.${table}`)} SET visible = false`)
  await db.execute(sql`UPDATE catalog.content SET announced = false`)
  await db.execute(sql`
    UPDATE catalog.dataset SET group_id = id, torrent_count = 0, seeders = NULL, size_bytes = stated_bytes, source_status = NULL`)
  await db.execute(sql`UPDATE catalog.torrent SET seeders = NULL, wanted = true,
    codes = CASE WHEN content_id IS NULL THEN codes ELSE '{}' END`)
}

/** Describes a step, so that a failure says what was done. */
function readable(step: Step): Step {
  return Object.assign(step, { [fc.toStringMethod]: () => step.what })
}

describe.each(testBackends())('settling on $name', ({ open }) => {
  test('derived rows do not depend on the order of writes, and settling again changes none', async () => {
    await using catalog = await open()
    const { db } = catalog
    await applyAdmissionPolicy(db, 'open')
    const all = async () => {
      const touched = await touchEverything(db)
      await db.transaction((tx) => settle(tx as Db, touched))
    }
    let place = 0
    await fc.assert(
      fc.asyncProperty(steps, async (script) => {
        await empty(db)
        for (const step of script) await step.run(db, ++place)
        await sweeping.run(db, ++place)
        await askAgain(db, ++place)
        const before = { ...(await read(db, kept)), ...(await read(db, told)) }
        await all()
        expect({ ...(await read(db, kept)), ...(await read(db, told)) }).toEqual(before)
        const derived = await read(db, kept)
        await scrub(db)
        await all()
        expect(await read(db, kept)).toEqual(derived)
      }),
      { numRuns: Number(process.env.HOLDFAST_SETTLE_RUNS ?? 8) },
    )
  })
})
