import { sql } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { testBackends } from '../../testing/backends.ts'
import type { Catalog } from '../store/open.ts'
import { rows } from '../store/sql.ts'
import { applyAdmissionPolicy } from './admission-policy.ts'
import { decideAdmission } from './admissions.ts'
import { applyBatch, type RecordOp } from './apply-batch.ts'
import { readCursors } from './cursors.ts'
import { readRepoRecords } from './read/repo.ts'
import { readDueTorrents, writeMetainfoOutcomes } from './swarms/metainfo-queue.ts'

const alice = 'did:plc:alice'
const bob = 'did:plc:bobby'
const v1 = 'a'.repeat(40)
const v2 = 'b'.repeat(64)

describe.each(testBackends())('applyBatch on $name', ({ open }) => {
  let catalog: Catalog
  beforeAll(async () => {
    catalog = await open()
    await applyAdmissionPolicy(catalog.db, 'open')
  })
  afterAll(() => catalog[Symbol.asyncDispose]())

  let rev = 0
  const commit = (did: string, ops: RecordOp[], extra = {}) =>
    applyBatch(catalog.db, {
      commits: [{ did, rev: `3n${String(++rev).padStart(11, '0')}`, dataCid: 'bafydata', ops, ...extra }],
    })
  const visible = async (kind: string) =>
    (
      await rows<{ uri: string }>(
        catalog.db,
        sql`SELECT uri FROM ${sql.raw(`catalog.${kind}`)} WHERE visible ORDER BY uri`,
      )
    ).map((row) => row.uri.split('/').slice(2).join('/').replace('did:plc:', ''))
  const streamed = async () =>
    (
      await rows<{ line: string }>(
        catalog.db,
        sql`SELECT seq || ' ' || action || ' ' || coalesce(left(info_hash_v1, 2), '-') || left(info_hash_v2, 2) AS line
          FROM local.info_hash_change ORDER BY seq`,
      )
    ).map((row) => row.line)

  test('reports a put, an edit and a delete to the live stream', async () => {
    const uri = `at://${alice}/dataset/one`
    await commit(alice, [put('dataset', alice, 'one', { title: 'Sea ice \0 extent' })])
    await commit(alice, [put('dataset', alice, 'one', { title: 'Sea ice extent, monthly' }, 'cid2')])
    expect(await visible('dataset')).toEqual(['alice/dataset/one'])
    await commit(alice, [{ action: 'delete', uri }])
    expect(await visible('dataset')).toEqual([])
    const changes = await rows<{ action: string }>(
      catalog.db,
      sql`SELECT action FROM local.record_change ORDER BY seq`,
    )
    expect(changes.map((row) => row.action)).toEqual(['delete'])
  })

  test('changes nothing for a batch that was applied before or is older', async () => {
    const batch = {
      commits: [{ did: bob, rev: '3m1', dataCid: 'd', ops: [put('dataset', bob, 'x', { title: 'Census' })] }],
      cursors: [{ host: 'relay', seq: 7 }],
    }
    expect(await applyBatch(catalog.db, batch)).toEqual({ commits: 1, stale: 0 })
    expect(await applyBatch(catalog.db, batch)).toEqual({ commits: 0, stale: 1 })
    const older = {
      did: bob,
      rev: '3m0',
      dataCid: 'd',
      ops: [{ action: 'delete', uri: `at://${bob}/dataset/x` } as const],
    }
    expect(
      await applyBatch(catalog.db, { commits: [older], cursors: [{ host: 'relay', seq: 3 }] }),
    ).toMatchObject({ stale: 1 })
    expect((await readCursors(catalog.db)).get('relay')?.seq).toBe(7)
    expect([...(await readRepoRecords(catalog.db, bob)).keys()]).toEqual(['dataset/x'])
  })

  test('a read of a whole repository deletes records that it does not contain', async () => {
    const complete = {
      did: bob,
      rev: '3m1',
      dataCid: 'd',
      complete: true,
      ops: [put('dataset', bob, 'y', { title: 'Y' })],
    }
    await applyBatch(catalog.db, { commits: [complete] })
    expect([...(await readRepoRecords(catalog.db, bob)).keys()]).toEqual(['dataset/y'])
  })

  test('a batch that fails writes neither its records nor the cursor', async () => {
    const broken = put('dataset', bob, 'z', {
      title: 'Z',
      risk: { level: 'x', expectedGone: undefined },
      sizeBytes: 1e300,
    })
    await expect(
      applyBatch(catalog.db, {
        commits: [{ did: bob, rev: '3m9', dataCid: 'd', ops: [broken] }],
        cursors: [{ host: 'relay', seq: 9 }],
      }),
    ).rejects.toThrow()
    expect((await readCursors(catalog.db)).get('relay')?.seq).toBe(7)
    expect([...(await readRepoRecords(catalog.db, bob)).keys()]).toEqual(['dataset/y'])
  })

  test('announces content only while it is verified and nothing hides it', async () => {
    const dataset = `at://${alice}/dataset/ice`
    await commit(alice, [
      put('dataset', alice, 'ice', { title: 'Ice' }),
      put('torrent', alice, 't1', {
        name: 'ice',
        infoHashV1: v1,
        metainfo: blob('m1'),
        datasets: [{ uri: dataset }],
      }),
    ])
    await commit(bob, [put('torrent', bob, 't2', { name: 'ice', infoHashV2: v2, metainfo: blob('m1') })])
    expect(await streamed()).toEqual([])
    await verifyAll(catalog)
    expect(await streamed()).toEqual(['1 add aabb'])

    await applyBatch(catalog.db, { accounts: [{ did: alice, active: false, status: 'deactivated' }] })
    expect(await visible('torrent')).toEqual(['bobby/torrent/t2'])
    expect(await streamed()).toHaveLength(1) // bob's record still names it
    await commit(bob, [{ action: 'delete', uri: `at://${bob}/torrent/t2` }])
    expect(await streamed()).toEqual(['1 add aabb', '2 remove aabb'])
    await applyBatch(catalog.db, { accounts: [{ did: alice, active: true }] })
    expect((await streamed()).at(-1)).toBe('3 add aabb')
    const [row] = await rows<{ n: number }>(
      catalog.db,
      sql`SELECT torrent_count AS n FROM catalog.dataset WHERE uri = ${dataset}`,
    )
    expect(row?.n).toBe(1)
  })

  test('denying an infohash denies the content’s other infohashes, also later ones', async () => {
    await decideAdmission(catalog.db, { kind: 'infohash', value: v1 }, { action: 'deny', reason: 'test' })
    expect((await streamed()).at(-1)).toBe('4 remove aabb')
    await commit(bob, [put('torrent', bob, 't3', { name: 'again', infoHashV2: v2, metainfo: blob('m1') })])
    await verifyAll(catalog)
    expect(await visible('torrent')).toEqual([])
    await decideAdmission(catalog.db, { kind: 'infohash', value: v2.slice(0, 40) }, { action: 'restore' })
    expect(await visible('torrent')).toEqual([])
    await decideAdmission(catalog.db, { kind: 'infohash', value: v1 }, { action: 'restore' })
    expect(await visible('torrent')).toEqual(['alice/torrent/t1', 'bobby/torrent/t3'])
    expect((await streamed()).at(-1)).toBe('5 add aabb')
  })

  test('under the policy `reviewed`, nothing is visible until it is allowed', async () => {
    await applyAdmissionPolicy(catalog.db, 'reviewed')
    expect([...(await visible('dataset')), ...(await visible('torrent'))]).toEqual([])
    expect((await streamed()).at(-1)).toBe('6 remove aabb')
    await decideAdmission(
      catalog.db,
      { kind: 'uri', value: `at://${alice}/dataset/ice` },
      { action: 'allow' },
    )
    expect(await visible('dataset')).toEqual(['alice/dataset/ice'])
    await decideAdmission(catalog.db, { kind: 'infohash', value: v2 }, { action: 'allow' })
    expect(await visible('torrent')).toEqual(['alice/torrent/t1', 'bobby/torrent/t3'])
    await decideAdmission(catalog.db, { kind: 'did', value: bob }, { action: 'deny' })
    expect(await visible('torrent')).toEqual(['alice/torrent/t1'])
    await applyAdmissionPolicy(catalog.db, 'open')
    await decideAdmission(catalog.db, { kind: 'did', value: bob }, { action: 'restore' })
  })

  test('deleting accounts leaves none of their rows', async () => {
    await applyBatch(catalog.db, {
      accounts: [alice, bob].map((did) => ({ did, active: false, status: 'deleted' })),
    })
    for (const name of [
      'record',
      'dataset',
      'torrent',
      'content',
      'metainfo',
      'metainfo_slice',
      'file',
      'torrent_dataset',
      'repo',
    ]) {
      expect(await rows(catalog.db, sql`SELECT * FROM ${sql.raw(`catalog.${name}`)}`), name).toEqual([])
    }
    expect((await streamed()).at(-1)).toMatch(/remove aabb/)
  })
})

function put(kind: string, did: string, rkey: string, value: object, cid = `cid-${rkey}`): RecordOp {
  return {
    action: 'put',
    uri: `at://${did}/${kind}/${rkey}`,
    kind,
    cid,
    value: { createdAt: '2026-01-02T03:04:05Z', ...value },
  }
}

function blob(cid: string) {
  return { $type: 'blob', ref: { $link: cid }, mimeType: 'application/x-bittorrent', size: 3 }
}

async function verifyAll(catalog: Catalog) {
  const facts = {
    infoHashV1: v1,
    infoHashV2: v2,
    name: 'ice',
    sizeBytes: 5,
    pieceLengthBytes: 16384,
    fileCount: 1,
    private: false,
  }
  const due = await readDueTorrents(catalog.db, { limit: 10, except: [] })
  const files = [{ path: 'ice/extent.csv', sizeBytes: 5, piecesRoot: 'c'.repeat(64) }]
  await writeMetainfoOutcomes(
    catalog.db,
    due.map(({ id, cid }) => ({
      id,
      cid,
      status: 'verified',
      facts: { ...facts, files },
      metainfo: { cid: 'm1', bytes: new Uint8Array([1, 2, 3]) },
      warnings: [],
    })),
  )
}
