/**
 * Every pair of writers, at the same time, on the same account. `HOLDFAST_HAMMER_ROUNDS=200` hammers for longer
 * than the few rounds of a usual run.
 */
import { sql } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { testBackends } from '../../../testing/backends.ts'
import { findWrong } from '../../../testing/visibility.ts'
import type { Catalog } from '../../store/open.ts'
import { type Db, rows } from '../../store/sql.ts'
import { readSweeps } from '../../store/sweep-notes.ts'
import { applyAdmissionPolicy } from '../admission-policy.ts'
import { decideAdmission } from '../admissions.ts'
import { applyBatch, type RecordOp } from '../apply-batch.ts'
import { readDueTorrents, writeMetainfoOutcomes } from '../swarms/metainfo-queue.ts'
import { sweep } from '../sweeps.ts'

const rounds = Number(process.env.HOLDFAST_HAMMER_ROUNDS ?? 1)
const did = 'did:plc:hammered'
const other = 'did:plc:bystander'
const hash = (n: number) => n.toString(16).padStart(40, 'a')

let next = 0
const rev = () => `3n${String(++next).padStart(11, '0')}`
const uri = (kind: string, rkey: string, of = did) => `at://${of}/${kind}/${rkey}`

function put(kind: string, rkey: string, value: object, of = did): RecordOp {
  const cid = `bafy${kind}${rkey}${next++}`
  const record = { createdAt: '2026-01-02T03:04:05Z', ...value }
  return { action: 'put', uri: uri(kind, rkey, of), kind, cid, value: record }
}

const dataset = (n: number) => put('dataset', `d${n}`, { title: `Tide gauge ${n}` })
const torrent = (n: number, of = did) =>
  put(
    'torrent',
    `t${n}`,
    {
      name: `tide-${n}`,
      infoHashV1: hash(n),
      metainfo: { ref: { $link: `blob${n}` } },
      datasets: [{ uri: uri('dataset', `d${n}`), cid: 'bafy' }],
    },
    of,
  )
const tens = [...Array(10).keys()]

const commit = (db: Db, ops: RecordOp[], of = did) =>
  applyBatch(db, { commits: [{ did: of, rev: rev(), dataCid: 'bafydata', ops }] })
const account = (db: Db, active: boolean, status: string | null) =>
  applyBatch(db, { accounts: [{ did, active, status }] })

async function verify(db: Db): Promise<void> {
  const due = await readDueTorrents(db, { limit: 100, except: [] })
  await writeMetainfoOutcomes(
    db,
    due.map(({ id, cid, value }) => {
      const v1 = (value as { infoHashV1: string }).infoHashV1
      const facts = {
        infoHashV1: v1,
        infoHashV2: v1.repeat(2).slice(0, 64),
        name: v1,
        sizeBytes: 1,
        pieceLengthBytes: 16_384,
        fileCount: 1,
        private: false,
        files: [],
      }
      const metainfo = { cid: `meta${v1}`, bytes: new Uint8Array([1]) }
      return { id, cid, status: 'verified' as const, facts, metainfo, warnings: [] }
    }),
  )
}

const writers: Readonly<Record<string, (db: Db) => Promise<unknown>>> = {
  'new records': (db) =>
    commit(
      db,
      tens.flatMap((n) => [dataset(n), torrent(n)]),
    ),
  'records of another': (db) =>
    commit(
      db,
      tens.map((n) => torrent(n, other)),
      other,
    ),
  'records that go': (db) =>
    commit(
      db,
      tens.slice(5).map((n) => ({ action: 'delete', uri: uri('torrent', `t${n}`) })),
    ),
  'verified metainfo': verify,
  'an account that leaves': (db) => account(db, false, 'deactivated'),
  'an account that is deleted': (db) => account(db, false, 'deleted'),
  'an account that comes back': (db) => account(db, true, null),
  'a denied account': (db) => decideAdmission(db, { kind: 'did', value: did }, { action: 'deny' }),
  'an allowed account': (db) => decideAdmission(db, { kind: 'did', value: did }, { action: 'allow' }),
  'a restored account': (db) => decideAdmission(db, { kind: 'did', value: did }, { action: 'restore' }),
  'a denied record': (db) =>
    decideAdmission(db, { kind: 'uri', value: uri('dataset', 'd1') }, { action: 'deny' }),
  'a denied infohash': (db) => decideAdmission(db, { kind: 'infohash', value: hash(2) }, { action: 'deny' }),
  'a restored infohash': (db) =>
    decideAdmission(db, { kind: 'infohash', value: hash(2) }, { action: 'restore' }),
  'a policy': (db) => applyAdmissionPolicy(db, next % 2 ? 'reviewed' : 'open'),
}

describe.each(testBackends())('who may be seen, on $name', ({ name: store, open }) => {
  let catalog: Catalog
  beforeAll(async () => {
    catalog = await open()
  })
  afterAll(() => catalog[Symbol.asyncDispose]())

  // PGlite has one connection, so two writers only take turns.
  const names = Object.keys(writers)
  const beside = (name: string) =>
    names.slice(names.indexOf(name)).slice(0, store === 'PGlite' ? 1 : names.length)
  test.each(names)(
    '%s beside any other writer keeps flags right',
    { timeout: 60_000 * rounds },
    async (name) => {
      const { db } = catalog
      for (let round = 0; round < rounds; round++) {
        for (const second of beside(name)) {
          await begin(db)
          await Promise.all([name, second].map((writer) => writers[writer]!(db)))
          for (const subject of await readSweeps(db)) await sweep(db, subject)
          expect(await findWrong(db), `${name}, ${second}`).toEqual([])
        }
      }
    },
  )

  async function begin(db: Db): Promise<void> {
    await applyBatch(db, { accounts: [{ did, active: true, status: null }] })
    await db.execute(sql`DELETE FROM local.admission`)
    await db.execute(sql`DELETE FROM local.info_hash_admission`)
    await applyAdmissionPolicy(db, 'open')
    await decideAdmission(db, { kind: 'did', value: did }, { action: 'restore' })
    await commit(db, [dataset(0), torrent(0), torrent(7)])
    await verify(db)
    const [left] = await rows<{ n: number }>(db, sql`SELECT count(*)::int AS n FROM catalog.sweep`)
    expect(left?.n).toBe(0)
  }
})
