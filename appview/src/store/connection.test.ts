import { sql } from 'drizzle-orm'
import { expect, test } from 'vitest'
import { databaseUrl, needs } from '../../../test/system/requirements.ts'
import { connectPostgres } from './connect-postgres.ts'
import { rows } from './sql.ts'

const able = needs('settings of connections to a server', 'PostgreSQL')

test.skipIf(!able)('a server compiles no statement, in transactions and outside', async () => {
  const { client, db } = connectPostgres(databaseUrl(), { poolSize: 2 })
  const inside = await db.transaction((tx) => rows(tx as never, sql`SHOW jit`))
  const outside = await rows(db, sql`SHOW jit`)
  expect([inside, outside]).toEqual([[{ jit: 'off' }], [{ jit: 'off' }]])
  await client.end({ timeout: 5 })
})
