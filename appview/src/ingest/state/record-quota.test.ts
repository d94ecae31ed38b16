import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { testBackends } from '../../../testing/backends.ts'
import { applyBatch, type RecordOp, type RepoCommit } from '../../catalog/apply-batch.ts'
import type { Catalog } from '../../store/open.ts'
import { createRecordQuota, type RecordLimits } from './record-quota.ts'

const unlimited: RecordLimits = {
  recordsPerAccount: 1e9,
  recordsPerHost: 1e9,
  recordBytesPerAccount: 1e12,
  recordBytesPerHost: 1e12,
}

describe.each(testBackends())('record quota on $name', ({ open }) => {
  let catalog: Catalog
  beforeAll(async () => {
    catalog = await open()
  })
  afterAll(() => catalog[Symbol.asyncDispose]())

  /** Admits commits of 200 records as ingest does. Each is handed over, and in the store once `settled` resolves. */
  function startIngesting(did: string, some: Partial<RecordLimits>) {
    const limits = { ...unlimited, ...some }
    const host = `${did.slice('did:plc:'.length)}.example.net`
    let handedOver: RepoCommit[] = []
    let [rev, refused] = [0, 0]
    const settled = async () => {
      const commits = handedOver
      handedOver = []
      await applyBatch(catalog.db, { accounts: [{ did, pdsHost: host }], commits })
    }
    const quota = createRecordQuota({ limits, db: catalog.db, settled, onRefused: () => refused++ })
    return {
      settled,
      refused: () => refused,
      async publish(sizeBytes = 0): Promise<Record<string, number>> {
        rev += 1
        const ops = await quota.admit({ did, host }, putsOf(did, rev, sizeBytes))
        handedOver.push({ did, rev: `3n${String(rev).padStart(5, '0')}`, dataCid: 'd', ops })
        return actionsOf(ops)
      },
    }
  }

  test('counts records that are not stored yet', async () => {
    const ingesting = startIngesting('did:plc:quick', { recordsPerAccount: 300, recordsPerHost: 10_000 })
    expect(await ingesting.publish()).toEqual({ put: 200 })
    expect(await ingesting.publish()).toEqual({ put: 100, reject: 100 })
    expect(await ingesting.publish()).toEqual({ reject: 200 })
    expect(ingesting.refused()).toBe(300)
  })

  test('far beyond a quota, not even refusals are stored, also after a restart', async () => {
    const limits = { recordsPerAccount: 200, recordsPerHost: 10_000 }
    const ingesting = startIngesting('did:plc:flood', limits)
    expect(await ingesting.publish()).toEqual({ put: 200 })
    for (let i = 0; i < 5; i++) expect(await ingesting.publish()).toEqual({ reject: 200 })
    for (let i = 0; i < 5; i++) expect(await ingesting.publish()).toEqual({ delete: 200 })
    expect(ingesting.refused()).toBe(2_000)
    await ingesting.settled()
    expect(await startIngesting('did:plc:flood', limits).publish()).toEqual({ delete: 200 })
  })

  test('counts the bytes of records in memory and in the store', async () => {
    const limits = { recordBytesPerAccount: 150_000 }
    const ingesting = startIngesting('did:plc:heavy', limits)
    expect(await ingesting.publish(1_000)).toEqual({ put: 150, reject: 50 })
    await ingesting.settled()
    expect(await startIngesting('did:plc:heavy', limits).publish(1_000)).toEqual({ reject: 200 })
  })

  test('admits deletes and unchanged records beyond any quota', async () => {
    const limits = { ...unlimited, recordsPerAccount: 0, recordsPerHost: 0 }
    const quota = createRecordQuota({
      db: catalog.db,
      limits,
      settled: async () => {},
      onRefused: () => {},
    })
    const uri = 'at://did:plc:over/dataset/0'
    const ops: RecordOp[] = [
      { action: 'delete', uri },
      { action: 'keep', uri },
    ]
    expect(await quota.admit({ did: 'did:plc:over', host: 'over.example.net' }, ops)).toEqual(ops)
  })
})

function putsOf(did: string, round: number, sizeBytes: number): RecordOp[] {
  return Array.from({ length: 200 }, (_, i) => {
    const name = `${round}-${i}`
    const value = { title: name, createdAt: '2026-01-02T03:04:05Z' }
    const uri = `at://${did}/dataset/${name}`
    return { action: 'put', uri, kind: 'dataset', cid: `cid-${name}`, value, sizeBytes }
  })
}

function actionsOf(ops: readonly RecordOp[]): Record<string, number> {
  return Object.fromEntries(
    [...Map.groupBy(ops, ({ action }) => action)].map(([action, some]) => [action, some.length]),
  )
}
