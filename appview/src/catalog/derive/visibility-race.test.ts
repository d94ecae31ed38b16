/**
 * A decision that commits while another batch is between deriving visibility and its commit. The batch is kept there by a
 * lock of another connection on the row that it writes last, which is a cursor or that of the live stream. Only PostgreSQL
 * has several connections.
 */
import { sql } from 'drizzle-orm'
import { expect, test } from 'vitest'
import { testBackends } from '../../../testing/backends.ts'
import { findWrong } from '../../../testing/visibility.ts'
import type { Catalog } from '../../store/open.ts'
import { type Db, rows } from '../../store/sql.ts'
import { readSweeps } from '../../store/sweep-notes.ts'
import { applyAdmissionPolicy } from '../admission-policy.ts'
import { decideAdmission } from '../admissions.ts'
import { applyBatch, type RecordOp } from '../apply-batch.ts'
import type { AdmissionAction } from '../decisions.ts'
import { readDueTorrents, writeMetainfoOutcomes } from '../swarms/metainfo-queue.ts'
import { sweep } from '../sweeps.ts'

const did = 'did:plc:racing'
const [v1, v2] = ['a'.repeat(40), 'b'.repeat(64)]
const uri = (kind: string, rkey: string) => `at://${did}/${kind}/${rkey}`
const put = (kind: string, rkey: string, value: object): RecordOp => ({
  action: 'put',
  uri: uri(kind, rkey),
  kind,
  cid: `bafy${kind}${rkey}`,
  value: { createdAt: '2026-01-02T03:04:05Z', ...value },
})
const records = [
  put('dataset', 'tides', { title: 'Tide gauges' }),
  put('torrent', 'tides', { name: 'tides', infoHashV1: v1, metainfo: { ref: { $link: 'blob' } } }),
]

const commit = (db: Db, ops: RecordOp[], rev = '3m1') =>
  applyBatch(db, { commits: [{ did, rev, dataCid: 'bafydata', ops }], cursors: [{ host: 'relay', seq: 1 }] })
const account = (db: Db, active: boolean, status: string | null) =>
  applyBatch(db, { accounts: [{ did, active, status }] })
const decide =
  (kind: 'did' | 'uri' | 'infohash', value: string, action: AdmissionAction) =>
  (db: Db): Promise<unknown> =>
    decideAdmission(db, { kind, value }, { action })

async function verify(db: Db): Promise<void> {
  const [due] = await readDueTorrents(db, { limit: 1, except: [] })
  const file = {
    name: 'tides',
    sizeBytes: 1,
    pieceLengthBytes: 16_384,
    fileCount: 1,
    private: false,
    files: [],
  }
  const facts = { ...file, infoHashV1: v1, infoHashV2: v2 }
  const metainfo = { cid: 'blob', bytes: new Uint8Array([1]) }
  await writeMetainfoOutcomes(db, [
    { id: due!.id, cid: due!.cid, status: 'verified', facts, metainfo, warnings: [] },
  ])
}

const begun: Readonly<
  Record<string, { before?: (db: Db) => Promise<unknown>; write: (db: Db) => Promise<unknown> }>
> = {
  ingest: { write: (db) => commit(db, records) },
  'metainfo that is verified': { before: (db) => commit(db, records), write: verify },
}

const decisions: Readonly<
  Record<
    string,
    { before?: (db: Db) => Promise<unknown>; isHiddenBefore?: true; decide: (db: Db) => Promise<unknown> }
  >
> = {
  'an account is denied': { decide: decide('did', did, 'deny') },
  'a denied account is restored': {
    isHiddenBefore: true,
    before: decide('did', did, 'deny'),
    decide: decide('did', did, 'restore'),
  },
  'an allowed account is restored': {
    before: async (db) => {
      await applyAdmissionPolicy(db, 'accounts')
      await decide('did', did, 'allow')(db)
    },
    decide: decide('did', did, 'restore'),
  },
  'a record is denied': { decide: decide('uri', uri('torrent', 'tides'), 'deny') },
  'an infohash is denied': { decide: decide('infohash', v1, 'deny') },
  'another infohash of the content is denied': { decide: decide('infohash', v2, 'deny') },
  'the policy becomes stricter': { decide: (db) => applyAdmissionPolicy(db, 'accounts') },
  'the policy becomes open': {
    isHiddenBefore: true,
    before: (db) => applyAdmissionPolicy(db, 'reviewed'),
    decide: (db) => applyAdmissionPolicy(db, 'open'),
  },
  'an account leaves': { decide: (db) => account(db, false, 'deactivated') },
  'an account is deleted': { decide: (db) => account(db, false, 'deleted') },
  'an account comes back': {
    isHiddenBefore: true,
    before: (db) => account(db, false, 'deactivated'),
    decide: (db) => account(db, true, null),
  },
}

const server = testBackends().find(({ name }) => name === 'PostgreSQL')
const pairs = Object.keys(begun).flatMap((batch) =>
  Object.entries(decisions).flatMap(([decision, { isHiddenBefore }]) =>
    // Metainfo of a hidden record causes no event, so the batch writes no row that could be locked.
    isHiddenBefore && batch !== 'ingest' ? [] : [{ batch, decision }],
  ),
)

test.runIf(server).each(pairs)(
  '$decision during $batch leaves correct flags',
  { timeout: 60_000 },
  async ({ batch, decision }) => {
    await using catalog = await server!.open()
    const { db } = catalog
    await applyAdmissionPolicy(db, 'open')
    await begun[batch]!.before?.(db)
    await decisions[decision]!.before?.(db)
    const lockedBy = batch === 'ingest' ? 'cursor' : 'stream'
    await lockedBetween(catalog, {
      write: begun[batch]!.write,
      meanwhile: decisions[decision]!.decide,
      lockedBy,
    })
    for (const subject of await readSweeps(db)) await sweep(db, subject)
    expect(await findWrong(db)).toEqual([])
  },
)

interface Locked {
  write: (db: Db) => Promise<unknown>
  meanwhile: (db: Db) => Promise<unknown>
  /** The row that the batch writes last. */
  lockedBy: 'cursor' | 'stream'
}

/**
 * Runs `meanwhile` while `write` waits just before its commit; `write` goes on when `meanwhile` is done or waits, too.
 */
async function lockedBetween({ db }: Catalog, { write, meanwhile, lockedBy }: Locked): Promise<void> {
  await db.execute(sql`
    INSERT INTO local.stream (name, epoch) VALUES ('records', 'one'), ('infoHashes', 'one') ON CONFLICT DO NOTHING`)
  await db.execute(
    sql`INSERT INTO catalog.source_cursor (host, seq) VALUES ('relay', 0) ON CONFLICT DO NOTHING`,
  )
  let writing: Promise<unknown> | undefined
  let deciding: Promise<unknown> | undefined
  await db.transaction(async (holder) => {
    await holder.execute(sql`SELECT FROM catalog.source_cursor FOR UPDATE`)
    if (lockedBy === 'stream')
      await holder.execute(sql`SELECT FROM local.stream WHERE name = 'records' FOR UPDATE`)
    writing = write(db)
    await untilWaiting(db, 1)
    let isDone = false
    deciding = meanwhile(db).finally(() => {
      isDone = true
    })
    deciding.catch(() => {})
    await untilWaiting(db, 2, () => isDone)
  })
  await writing
  await deciding
}

async function untilWaiting(db: Db, count: number, isDone = () => false): Promise<void> {
  for (;;) {
    const [waiting] = await rows<{ n: number }>(
      db,
      sql`SELECT count(*)::int AS n FROM pg_stat_activity
          WHERE datname = current_database() AND wait_event_type = 'Lock'`,
    )
    if (waiting!.n >= count || isDone()) return
  }
}
