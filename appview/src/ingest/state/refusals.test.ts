import { sql } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openEmbedded, testBackends } from '../../../testing/backends.ts'
import type { RecordOp, RepoCommit } from '../../catalog/apply-batch.ts'
import { readCursors } from '../../catalog/cursors.ts'
import { readRepos } from '../../catalog/read/repo.ts'
import type { Catalog } from '../../store/open.ts'
import { rows } from '../../store/sql.ts'
import { createCommitter } from './committer.ts'

describe.each(testBackends())('a record that $name refuses', ({ open }) => {
  let catalog: Catalog
  beforeAll(async () => {
    catalog = await open()
  })
  afterAll(() => catalog[Symbol.asyncDispose]())

  const write = async (commits: readonly RepoCommit[]) => {
    let done = 0
    const batches: number[] = []
    await using committer = createCommitter({
      db: catalog.db,
      cursors: () => [{ host: 'relay.test', seq: done }],
      onFault: (error, what) => what === 'retrying' && expect.fail(String(error)),
      onBatch: (entries) => batches.push(entries),
    })
    await Promise.all(commits.map((commit) => committer.write({ commit }, { settle: () => done++ })))
    return batches
  }
  const held = async (did: string) =>
    (
      await rows<{ line: string }>(
        catalog.db,
        sql`SELECT split_part(uri, '/', 5) || coalesce(' ' || reason, '') AS line
            FROM catalog.record WHERE did = ${did} ORDER BY uri`,
      )
    ).map(({ line }) => line)

  test('leaves its neighbors and the cursor unharmed', async () => {
    const [mixed, honest] = ['did:plc:mixed', 'did:plc:honest']
    const ops = Array.from({ length: 9 }, (_, n) => put(mixed, `r${n}`, n % 4 === 1 ? poison : {}))
    await write([
      commitOf(honest, [put(honest, 'a')]),
      commitOf(mixed, ops),
      commitOf(honest, [put(honest, 'b')], 2),
    ])
    expect(await held(mixed)).toEqual(ops.map((_, n) => (n % 4 === 1 ? `r${n} unstorable` : `r${n}`)))
    expect(await held(honest)).toEqual(['a', 'b'])
    expect((await readRepos(catalog.db, [mixed])).get(mixed)?.rev).toBe(revOf(1))
    expect((await readCursors(catalog.db)).get('relay.test')?.seq).toBe(3)
  })

  test('has a reason without the store’s error message', async () => {
    const did = 'did:plc:told'
    await write([commitOf(did, [put(did, 'bad', poison)])])
    const [row] = await rows<{ detail: string }>(
      catalog.db,
      sql`SELECT reason_detail AS detail FROM catalog.record WHERE did = ${did}`,
    )
    expect(row?.detail).toMatch(/^(a value in it|this index)/)
  })

  test('is also refused in a read of the whole repository, which still deletes what is gone', async () => {
    const did = 'did:plc:whole'
    await write([commitOf(did, [put(did, 'gone'), put(did, 'stays')])])
    const read = commitOf(
      did,
      [{ action: 'keep', uri: uriOf(did, 'stays') }, put(did, 'bad', poison), put(did, 'new')],
      2,
    )
    await write([{ ...read, complete: true }])
    expect(await held(did)).toEqual(['bad unstorable', 'new', 'stays'])
  })

  test('from then on makes only its author’s entries wait apart', async () => {
    const [bad, good] = ['did:plc:suspect', 'did:plc:fine']
    const batches: number[] = []
    await using committer = createCommitter({
      db: catalog.db,
      cursors: () => [],
      onFault: () => {},
      onBatch: (entries) => batches.push(entries),
    })
    await committer.write({ commit: commitOf(bad, [put(bad, 'bad', poison)]) })
    batches.length = 0
    const first = committer.write({})
    const rest = [1, 2].flatMap((n) => [
      committer.write({ commit: commitOf(good, [put(good, `g${n}`)], n) }),
      committer.write({ commit: commitOf(bad, [put(bad, `b${n}`)], n + 1) }),
    ])
    await Promise.all([first, ...rest])
    expect(batches).toEqual([2, 1, 1, 1])
    expect(await held(bad)).toEqual(['b1', 'b2', 'bad unstorable'])
  })
})

test('a batch has no more decoded bytes than a transaction may have', async () => {
  await using catalog = await openEmbedded()
  const batches: number[] = []
  await using committer = createCommitter({
    db: catalog.db,
    cursors: () => [],
    onFault: (error) => expect.fail(String(error)),
    onBatch: (entries) => batches.push(entries),
  })
  const first = committer.write({})
  const large = Array.from({ length: 6 }, (_, n) => {
    const did = `did:plc:large${n}`
    return committer.write({
      commit: commitOf(did, [{ ...put(did, 'x'), memoryBytes: 7_000_000 } as RecordOp]),
    })
  })
  await Promise.all([first, ...large])
  expect(batches).toEqual([1, 2, 2, 2])
})

/** A value that only the store refuses. */
const poison = { sizeBytes: 1e300 }

function put(did: string, rkey: string, more: object = {}): RecordOp {
  const value = { title: `Dataset ${rkey}`, createdAt: '2026-11-20T00:00:00.000Z', ...more }
  return { action: 'put', uri: uriOf(did, rkey), kind: 'dataset', cid: `cid-${rkey}`, value }
}

function commitOf(did: string, ops: readonly RecordOp[], n = 1): RepoCommit {
  return { did, rev: revOf(n), dataCid: 'd', ops }
}

const revOf = (n: number) => `3lz2222222${String(n).padStart(3, '2')}`
const uriOf = (did: string, rkey: string) => `at://${did}/dataset/${rkey}`
