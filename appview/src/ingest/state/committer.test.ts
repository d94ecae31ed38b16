import { sql } from 'drizzle-orm'
import { expect, test } from 'vitest'
import { openEmbedded } from '../../../testing/backends.ts'
import type { RepoCommit } from '../../catalog/apply-batch.ts'
import { readCursors } from '../../catalog/cursors.ts'
import { rows } from '../../store/sql.ts'
import { createCommitter } from './committer.ts'

const didPattern = 'did:plc:testrepo22222222222222'

test('writes entries in order, several in a transaction, with the cursor', async () => {
  await using catalog = await openEmbedded()
  let done = 0
  const batches: number[] = []
  await using committer = createCommitter({
    db: catalog.db,
    cursors: () => [{ host: 'relay.test', seq: done }],
    onFault: (error) => expect.fail(String(error)),
    onBatch: (entries) => batches.push(entries),
  })
  await Promise.all(
    Array.from({ length: 100 }, (_, n) => committer.write({ commit: commitOf(n) }, { settle: () => done++ })),
  )
  expect(batches.length).toBeLessThan(20)
  expect(batches.reduce((sum, count) => sum + count, 0)).toBe(100)
  expect((await readCursors(catalog.db)).get('relay.test')?.seq).toBe(100)
  const [repo] = await rows<{ rev: string }>(
    catalog.db,
    sql`SELECT rev FROM catalog.repo WHERE did = ${didPattern}`,
  )
  expect(repo?.rev).toBe(commitOf(99).rev)
})

test('writes an entry that arrives while another is being written', async () => {
  await using catalog = await openEmbedded()
  await using committer = createCommitter({
    db: catalog.db,
    cursors: () => [],
    onFault: (error) => expect.fail(String(error)),
  })
  for (let microtasks = 0; microtasks < 12; microtasks++) {
    await committer.write({})
    for (let i = 0; i < microtasks; i++) await undefined
    await committer.write({ commit: commitOf(microtasks + 100) })
  }
  expect(await rows(catalog.db, sql`SELECT uri FROM catalog.record`)).toHaveLength(12)
})

test('an account stays deleted when its commits are written with its deletion', async () => {
  await using catalog = await openEmbedded()
  await using committer = createCommitter({
    db: catalog.db,
    cursors: () => [],
    onFault: (error) => expect.fail(String(error)),
  })
  void committer.write({ commit: commitOf(1) })
  void committer.write({ commit: commitOf(2) })
  await committer.write({ account: { did: didPattern, active: false, status: 'deleted' } })
  expect(await rows(catalog.db, sql`SELECT uri FROM catalog.record`)).toEqual([])
})

test('refuses only the entry that the store cannot take, and still moves the cursor', async () => {
  await using catalog = await openEmbedded()
  let done = 0
  const refused: unknown[] = []
  await using committer = createCommitter({
    db: catalog.db,
    cursors: () => [{ host: 'relay.test', seq: done }],
    onFault: (error, what) => what === 'refused' && refused.push(error),
  })
  const poison = commitOf(2)
  // A value that cannot be written as JSON stands for any that the checks did not foresee.
  Object.assign((poison.ops[0] as { value: object }).value, { sizeBytes: 1n })
  const entries = [commitOf(1), poison, commitOf(3)]
  await Promise.all(entries.map((commit) => committer.write({ commit }, { settle: () => done++ })))
  const held = await rows<{ uri: string; reason: string | null }>(
    catalog.db,
    sql`SELECT uri, reason FROM catalog.record ORDER BY uri`,
  )
  expect(held.map(({ reason }) => reason)).toEqual([null, 'unstorable', null])
  expect(refused).toHaveLength(1)
  expect((await readCursors(catalog.db)).get('relay.test')?.seq).toBe(3)
})

function commitOf(n: number): RepoCommit {
  const rkey = `d${String(n).padStart(3, '0')}`
  const value = { title: `Dataset ${n}`, createdAt: '2026-11-20T00:00:00.000Z' }
  const cid = 'bafyreiclp443lavogvhj3d2ob2cxbfuscni2k5jk7bebjzg7khl3esabwq'
  const uri = `at://${didPattern}/com.example.dataset/${rkey}`
  return {
    did: didPattern,
    rev: `3lz2222222${String(n).padStart(3, '2')}`,
    dataCid: cid,
    ops: [{ action: 'put', uri, kind: 'dataset', cid, value }],
  }
}
