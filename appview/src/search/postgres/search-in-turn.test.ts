import { sql } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { testBackends } from '../../../testing/backends.ts'
import { openSearchable, type Searchable } from '../../../testing/datasets.ts'
import { findFiles } from '../files.ts'
import { readIdentifierQuery } from '../identifier-query.ts'
import { lookUpInTurn, searchInTurn } from './search-in-turn.ts'
import { inTurn } from './store-turns.ts'

const root = 'c3'.repeat(32)

describe.each(testBackends())('turns of reads in the store, on $name', ({ name, open }) => {
  let searchable: Searchable
  beforeAll(async () => {
    searchable = await openSearchable(open)
  })
  afterAll(() => searchable[Symbol.asyncDispose]())

  /** Runs a read while all turns are taken. */
  async function whileOthersSearch(read: () => Promise<unknown>): Promise<unknown> {
    const { promise: others, resolve: end } = Promise.withResolvers<void>()
    const turns = [1, 2, 3].map(() => inTurn(searchable.catalog.db, () => others))
    const outcome = await read().catch((error: unknown) => error)
    end()
    await Promise.all(turns)
    return outcome
  }

  test('a search for files takes a turn', async () => {
    const { db } = searchable.catalog
    expect(await whileOthersSearch(() => findFiles(db, { piecesRoot: root }))).toMatchObject({
      name: 'StoreUnavailableError',
    })
    expect((await findFiles(db, { piecesRoot: root })).files).toEqual([])
  })

  test.each([
    'at://noaa.example.gov/dataset/sea-ice',
    'a1'.repeat(20),
    `magnet:?xt=urn:btih:${'a1'.repeat(20)}`,
    'https://example.org/somewhere',
    'noaa.example.gov',
  ])('a look-up of %s takes a turn', async (typed) => {
    expect(await whileOthersSearch(() => readIdentifierQuery(searchable.catalog.db, typed))).toMatchObject({
      name: 'StoreUnavailableError',
    })
  })

  test('a plain word needs no turn', async () => {
    expect(await whileOthersSearch(() => readIdentifierQuery(searchable.catalog.db, 'ice'))).toBeUndefined()
  })

  test('a search whose statements take too long gets a named error with advice', async () => {
    const { promise: never, resolve: end } = Promise.withResolvers<void>()
    const limits = { wholeMs: 20, advice: 'Give the whole path.' }
    await expect(searchInTurn(searchable.catalog.db, () => never, limits)).rejects.toMatchObject({
      name: 'SearchError',
      error: 'InvalidQuery',
      message: expect.stringMatching(/takes too long.* Give the whole path\.$/),
    })
    end()
  })

  test.runIf(name === 'PostgreSQL')('a look-up whose statement takes too long is canceled', async () => {
    const slow = (limits?: { advice: string }) =>
      lookUpInTurn(searchable.catalog.db, (tx) => tx.execute(sql`SELECT pg_sleep(20)`), limits)
    await expect(slow({ advice: 'Give the whole path.' })).rejects.toMatchObject({
      error: 'InvalidQuery',
      message: expect.stringMatching(/Give the whole path\.$/),
    })
  })
})
