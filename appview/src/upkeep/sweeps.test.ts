import { sql } from 'drizzle-orm'
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { testBackends } from '../../testing/backends.ts'
import { findWrong } from '../../testing/visibility.ts'
import { applyAdmissionPolicy } from '../catalog/admission-policy.ts'
import { decideAdmission } from '../catalog/admissions.ts'
import { applyBatch, type RecordOp } from '../catalog/apply-batch.ts'
import { sweep } from '../catalog/sweeps.ts'
import { readDatasetViews } from '../catalog/views/datasets/dataset-views.ts'
import { listDatasetUris } from '../catalog/views/records/listings.ts'
import { readRecordEvents } from '../catalog/views/stream-reads.ts'
import type { Catalog } from '../store/open.ts'
import { rows } from '../store/sql.ts'
import { noteSweeps, readSweeps } from '../store/sweep-notes.ts'
import { startSweeper } from './start-sweeper.ts'

const did = 'did:plc:large'
/** More records than are swept while the caller waits. */
const many = 2_600
const uri = (n: number) => `at://${did}/dataset/d${n}`

describe.each(testBackends())('a large account, on $name', ({ open }) => {
  let catalog: Catalog
  let rev = 0
  beforeAll(async () => {
    catalog = await open()
    await applyAdmissionPolicy(catalog.db, 'open')
  })
  afterAll(() => catalog[Symbol.asyncDispose]())
  beforeEach(async () => {
    await decideAdmission(catalog.db, { kind: 'did', value: did }, { action: 'restore' })
    await applyBatch(catalog.db, { accounts: [{ did, active: true, status: null }] })
    await sweepAll()
    await write([...Array(many).keys()].map(put))
  })

  const put = (n: number): RecordOp => ({
    action: 'put',
    uri: uri(n),
    kind: 'dataset',
    cid: `bafy${n}`,
    value: { title: `Gauge ${n}`, createdAt: '2026-01-02T03:04:05Z' },
  })
  const write = (ops: RecordOp[], extra = {}) =>
    applyBatch(catalog.db, {
      commits: [{ did, rev: `3n${String(++rev).padStart(11, '0')}`, dataCid: 'data', ops, ...extra }],
    })
  const sweepAll = async () => {
    for (const subject of await readSweeps(catalog.db)) await sweep(catalog.db, subject)
  }
  const decide = (action: 'deny' | 'restore') =>
    decideAdmission(catalog.db, { kind: 'did', value: did }, { action })
  const flagged = async () => {
    const [row] = await rows<{ n: number }>(
      catalog.db,
      sql`SELECT count(*)::int AS n FROM catalog.record WHERE did = ${did} AND visible`,
    )
    return row!.n
  }
  const listed = async () => (await listDatasetUris(catalog.db, { did }, { limit: 100 })).uris.length
  const held = async () => (await rows(catalog.db, sql`SELECT FROM catalog.record WHERE did = ${did}`)).length

  test('that is denied is hidden before its flags are updated', async () => {
    expect(await decide('deny')).toBe(many)
    expect(await flagged()).toBeGreaterThan(0)
    expect(await listed()).toBe(0)
    const last = await rows<{ uri: string }>(
      catalog.db,
      sql`SELECT uri FROM catalog.record WHERE did = ${did} AND visible LIMIT 5`,
    )
    const uris = last.map((row) => row.uri)
    expect(await readDatasetViews(catalog.db, uris, { detail: 'card' })).toEqual([])
    const told = await readRecordEvents(catalog.db, 0, 10_000)
    expect(told.filter((event) => event.record !== null)).toEqual([])
    await sweepAll()
    expect(await flagged()).toBe(0)
    expect(await findWrong(catalog.db)).toEqual([])
  })

  test('that is being swept is reported with the number of records left', async () => {
    await decide('deny')
    expect(await readSweeps(catalog.db)).toMatchObject([
      { kind: 'did', value: did, remaining: await flagged(), since: expect.stringMatching(/^\d{4}-.*Z$/) },
    ])
    const told: number[] = []
    await using _sweeper = await startSweeper({
      catalog,
      onRemaining: (records) => void told.push(records),
      onFault: (error) => {
        throw error
      },
    })
    await vi.waitFor(async () => expect(await readSweeps(catalog.db)).toEqual([]), 10_000)
    expect(told.at(-1)).toBe(0)
    expect(told[0]).toBeGreaterThan(0)
    expect(told).toEqual(told.toSorted((a, b) => b - a))
  })

  test('is counted before its first record is updated', async () => {
    await catalog.db.transaction(async (tx) => {
      await tx.execute(
        sql`INSERT INTO local.admission (subject, subject_kind, action) VALUES (${did}, 'did', 'deny')`,
      )
      await noteSweeps(tx, [{ kind: 'did', value: did }])
    })
    const [subject] = await readSweeps(catalog.db)
    await sweep(catalog.db, subject!, { atMost: 0 })
    expect(await readSweeps(catalog.db)).toMatchObject([{ value: did, remaining: many }])
    await sweepAll()
  })

  test('that is restored during a sweep becomes visible again as a whole', async () => {
    await decide('deny')
    const left = await flagged()
    expect(await decide('restore')).toBe(many - left)
    expect(await listed()).toBe(100)
    await sweepAll()
    expect(await flagged()).toBe(many)
    expect(await findWrong(catalog.db)).toEqual([])
  })

  test('that is deleted is hidden at once and purged in batches', async () => {
    await applyBatch(catalog.db, { accounts: [{ did, active: false, status: 'deleted' }] })
    expect(await listed()).toBe(0)
    expect(await held()).toBeGreaterThan(0)
    await sweepAll()
    expect(await held()).toBe(0)
    expect(await findWrong(catalog.db)).toEqual([])
  })

  test('that comes back during its purge keeps what it writes afterwards', async () => {
    await applyBatch(catalog.db, { accounts: [{ did, active: false, status: 'deleted' }] })
    await applyBatch(catalog.db, { accounts: [{ did, active: true, status: null }] })
    await write([put(many - 1), put(many)])
    await sweepAll()
    expect(await held()).toBe(2)
    expect(await listed()).toBe(2)
    expect(await findWrong(catalog.db)).toEqual([])
  })

  test('that was deleted does not come back through an older answer', async () => {
    const askedAtMs = Date.now() - 1
    await applyBatch(catalog.db, { accounts: [{ did, active: false, status: 'deleted' }] })
    await sweepAll()
    const late = { did, active: true, status: null, askedAtMs }
    await applyBatch(catalog.db, { accounts: [late] })
    await write([put(1)], { complete: true, askedAtMs })
    await write([put(2)])
    expect(await held()).toBe(0)
    // The same in one batch, in which the last entry would win.
    await applyBatch(catalog.db, { accounts: [{ did, active: false, status: 'deleted' }, late] })
    await write([put(3)])
    expect(await held()).toBe(0)
    await applyBatch(catalog.db, { accounts: [{ ...late, askedAtMs: Date.now() + 1_000 }] })
    await write([put(4)])
    await sweepAll()
    expect(await listed()).toBe(1)
  })
})
