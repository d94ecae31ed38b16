import { sql } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { testBackends } from '../../../testing/backends.ts'
import { openSearchable, type Searchable } from '../../../testing/datasets.ts'
import { beginSearch } from '../../store/planner.ts'
import { readOnly } from '../../store/read-only.ts'
import { withinBudget } from './within-budget.ts'

describe.each(testBackends())('the time limit of a search on $name', ({ name, open }) => {
  let searchable: Searchable
  beforeAll(async () => {
    searchable = await openSearchable(open)
  })
  afterAll(() => searchable[Symbol.asyncDispose]())

  const fail = (code: string) =>
    searchable.catalog.db.execute(
      sql.raw(`DO $$ BEGIN RAISE EXCEPTION 'ended' USING ERRCODE = '${code}'; END $$`),
    )

  test('turns a canceled statement into a named error with advice', async () => {
    await expect(withinBudget(fail('57014'))).rejects.toMatchObject({
      name: 'SearchError',
      error: 'InvalidQuery',
      status: 400,
      message: expect.stringMatching(/Add a rarer word or a filter/),
    })
  })

  test.runIf(name === 'PostgreSQL')('cancels a read that takes too long', async () => {
    const slow = readOnly(searchable.catalog.db, async (tx) => {
      await beginSearch(tx)
      await tx.execute(sql`SELECT pg_sleep(20)`)
    })
    await expect(withinBudget(slow)).rejects.toMatchObject({ error: 'InvalidQuery' })
  })

  test('leaves other errors of the store as they are', async () => {
    await expect(withinBudget(fail('22012'))).rejects.not.toMatchObject({ name: 'SearchError' })
  })
})
