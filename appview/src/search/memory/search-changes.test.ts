import { sql } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { testBackends } from '../../../testing/backends.ts'
import { openSearchable, type Searchable } from '../../../testing/datasets.ts'
import { rows, statementOf } from '../../store/sql.ts'
import { isBehind, readPosition } from './search-changes.ts'

describe.each(testBackends())('reading the changes of the store, on $name', ({ open }) => {
  let searchable: Searchable
  beforeAll(async () => {
    searchable = await openSearchable(open)
  })
  afterAll(() => searchable[Symbol.asyncDispose]())

  test('does not read old changes, however many there are', async () => {
    const { db } = searchable.catalog
    const rollback = new Error('what was noted is not to stay')
    let plan = ''
    const explain = db.transaction(async (tx) => {
      await tx.execute(sql`INSERT INTO catalog.search_change (dataset_id, found)
        SELECT id, true FROM generate_series(1, 50000) AS id`)
      // This makes the planner treat it like a statement that is prepared once for all positions.
      await tx.execute(sql`SET LOCAL plan_cache_mode = 'force_generic_plan'`)
      const { text, parameters } = statementOf(sql`SELECT ${isBehind(await readPosition(tx))} AS "isBehind"`)
      await tx.execute(sql.raw(`PREPARE asked AS ${text}`))
      const given = parameters.map((parameter) => `'${parameter}'`).join(', ')
      const lines = await rows<{ 'QUERY PLAN': string }>(tx, sql.raw(`EXPLAIN EXECUTE asked(${given})`))
      plan = lines.map((line) => line['QUERY PLAN']).join('\n')
      throw rollback
    })
    await expect(explain).rejects.toBe(rollback)
    expect(plan).toMatch(/Index.* Scan using search_change_txid/)
    expect(plan).not.toMatch(/Seq Scan on search_change/)
  })
})
