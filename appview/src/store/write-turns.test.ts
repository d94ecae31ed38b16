import { sql } from 'drizzle-orm'
import { expect, test } from 'vitest'
import { databaseUrl, needs } from '../../../test/system/requirements.ts'
import { createScratchDatabase } from '../../testing/backends.ts'
import { openCatalog } from './open.ts'
import { type Db, rows } from './sql.ts'
import { writing } from './write-turns.ts'

const able = needs('two transactions that lock each other out', 'PostgreSQL')

test.skipIf(!able)('runs a transaction again that was undone by a deadlock', async () => {
  await using database = await createScratchDatabase(databaseUrl())
  await using catalog = await openCatalog({ databaseUrl: database.url })
  const { db } = catalog
  await db.execute(sql`CREATE TABLE counted (id int PRIMARY KEY, n int DEFAULT 0)`)
  await db.execute(sql`INSERT INTO counted (id) VALUES (1), (2)`)
  const add = (tx: Db, id: number) => tx.execute(sql`UPDATE counted SET n = n + 1 WHERE id = ${id}`)
  let runs = 0
  const met = [Promise.withResolvers<void>(), Promise.withResolvers<void>()] as const
  const write = (first: 0 | 1) =>
    writing(db, async (tx) => {
      runs++
      await add(tx, first + 1)
      met[first].resolve()
      await Promise.all(met.map(({ promise }) => promise))
      await add(tx, 2 - first)
    })
  await Promise.all([write(0), write(1)])
  expect(runs).toBe(3)
  expect(await rows(db, sql`SELECT id, n FROM counted ORDER BY id`)).toEqual([
    { id: 1, n: 2 },
    { id: 2, n: 2 },
  ])
})
