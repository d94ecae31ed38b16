import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { testBackends } from '../../testing/backends.ts'
import { putRecord } from '../../testing/publishing.ts'
import type { Catalog } from '../store/open.ts'
import { applyBatch } from './apply-batch.ts'
import { writeBackfillPage } from './backfill.ts'
import { readTrackedDids } from './read/repo.ts'
import { forgetUnproved, hasRoomForUnproved } from './unproved-repos.ts'

describe.each(testBackends())('repositories that nobody has proved, on $name', ({ open }) => {
  let catalog: Catalog
  const author = 'did:plc:proved'
  beforeAll(async () => {
    catalog = await open()
    await putRecord(catalog, 'dataset', 'one', { did: author, title: 'Proved' })
    const toRead = ['a', 'b', 'c'].map((name) => ({ did: `did:plc:unproved-${name}`, host: 'lists.example' }))
    const page = { host: 'lists.example', collection: '*', cursor: null, listed: 3, done: true }
    await writeBackfillPage(catalog.db, {
      ...page,
      toRead: [...toRead, { did: author, host: 'lists.example' }],
    })
  })
  afterAll(() => catalog[Symbol.asyncDispose]())

  test.each([
    ['lists.example', { perSource: 4, inAll: 4 }, true],
    ['lists.example', { perSource: 3, inAll: 4 }, false],
    ['another.example', { perSource: 3, inAll: 4 }, true],
    ['another.example', { perSource: 3, inAll: 3 }, false],
  ])('%s may list more repositories within the limits %o: %s', async (source, limits, mayList) => {
    expect(await hasRoomForUnproved(catalog.db, source, limits)).toBe(mayList)
  })

  test('forgets only a repository of which nothing was ever proved', async () => {
    const failed = { did: author, state: 'desynchronized', tries: 9 } as const
    await applyBatch(catalog.db, { repoStates: [failed] })
    expect(await forgetUnproved(catalog.db, author)).toBe(false)
    expect(await forgetUnproved(catalog.db, 'did:plc:unproved-a')).toBe(true)
    expect(await readTrackedDids(catalog.db)).toEqual([author, 'did:plc:unproved-b', 'did:plc:unproved-c'])
  })
})
