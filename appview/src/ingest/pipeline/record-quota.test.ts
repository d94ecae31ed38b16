import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { applyBatch, type RecordOp, type RepoCommit } from '../../catalog/ingest-writes.ts'
import type { Catalog } from '../../catalog/open.ts'
import { testBackends } from '../../catalog/test-backends.ts'
import { createRecordQuota } from './record-quota.ts'

describe.each(testBackends())('record quota on $name', ({ open }) => {
  let catalog: Catalog
  beforeAll(async () => {
    catalog = await open()
  })
  afterAll(() => catalog[Symbol.asyncDispose]())

  /** Admits commits of 200 records as ingest does: each is handed over, and in the store when that is waited for. */
  function startIngesting(did: string, limits: { recordsPerAccount: number; recordsPerHost: number }) {
    const host = `${did.slice('did:plc:'.length)}.example.net`
    let handedOver: RepoCommit[] = []
    let [rev, refused] = [0, 0]
    const settled = async () => {
      const commits = handedOver
      handedOver = []
      await applyBatch(catalog.db, { accounts: [{ did, pdsHost: host }], commits })
    }
    const quota = createRecordQuota({ ...limits, db: catalog.db, settled, onRefused: () => refused++ })
    return {
      settled,
      refused: () => refused,
      async publish(): Promise<Record<string, number>> {
        rev += 1
        const ops = await quota.admit({ did, host }, putsOf(did, rev))
        handedOver.push({ did, rev: `3n${String(rev).padStart(5, '0')}`, dataCid: 'd', ops })
        return actionsOf(ops)
      },
    }
  }

  test('records that are not in the store yet count, too', async () => {
    const ingesting = startIngesting('did:plc:quick', { recordsPerAccount: 300, recordsPerHost: 10_000 })
    expect(await ingesting.publish()).toEqual({ put: 200 })
    expect(await ingesting.publish()).toEqual({ put: 100, reject: 100 })
    expect(await ingesting.publish()).toEqual({ reject: 200 })
    expect(ingesting.refused()).toBe(300)
  })

  test('far beyond a quota not even refusals are kept, after a restart neither', async () => {
    const limits = { recordsPerAccount: 200, recordsPerHost: 10_000 }
    const ingesting = startIngesting('did:plc:flood', limits)
    expect(await ingesting.publish()).toEqual({ put: 200 })
    for (let i = 0; i < 5; i++) expect(await ingesting.publish()).toEqual({ reject: 200 })
    for (let i = 0; i < 5; i++) expect(await ingesting.publish()).toEqual({ delete: 200 })
    expect(ingesting.refused()).toBe(2_000)
    await ingesting.settled()
    expect(await startIngesting('did:plc:flood', limits).publish()).toEqual({ delete: 200 })
  })

  test('deletes, and what a whole read found unchanged, pass any quota', async () => {
    const none = { db: catalog.db, recordsPerAccount: 0, recordsPerHost: 0 }
    const quota = createRecordQuota({ ...none, settled: async () => {}, onRefused: () => {} })
    const uri = 'at://did:plc:over/dataset/0'
    const ops: RecordOp[] = [
      { action: 'delete', uri },
      { action: 'keep', uri },
    ]
    expect(await quota.admit({ did: 'did:plc:over', host: 'over.example.net' }, ops)).toEqual(ops)
  })
})

function putsOf(did: string, round: number): RecordOp[] {
  return Array.from({ length: 200 }, (_, i) => {
    const name = `${round}-${i}`
    const value = { title: name, createdAt: '2026-01-02T03:04:05Z' }
    return { action: 'put', uri: `at://${did}/dataset/${name}`, kind: 'dataset', cid: `cid-${name}`, value }
  })
}

function actionsOf(ops: readonly RecordOp[]): Record<string, number> {
  return Object.fromEntries(
    [...Map.groupBy(ops, ({ action }) => action)].map(([action, some]) => [action, some.length]),
  )
}
