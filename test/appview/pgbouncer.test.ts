import { openCatalog } from '@holdfast/appview/store/open'
import { createScratchDatabase } from '@holdfast/appview/testing/backends'
import { collections } from '@holdfast/lexicons/nsid'
import { sql } from 'drizzle-orm'
import { expect, test } from 'vitest'
import { startPgBouncer } from '../system/pgbouncer.ts'
import { databaseUrl, needs } from '../system/requirements.ts'
import { query } from '../system/xrpc.ts'
import { startIndex } from './index-under-test.ts'

const able = needs('PgBouncer in transaction mode', 'PostgreSQL', 'pgbouncer')
const did = 'did:plc:aaaaaaaaaaaaaaaaaaaaaaaa'

test.skipIf(!able)('an index behind PgBouncer writes, searches and shows with few sessions', async () => {
  await using database = await createScratchDatabase(databaseUrl())
  await using pooler = await startPgBouncer(database.url, { poolSize: 2 })
  const urls = { databaseUrl: pooler.url, databaseSessionUrl: database.url }
  await using index = await startIndex({ open: () => openCatalog(urls) })
  const record = { title: 'Sea ice', createdAt: '2026-11-20T00:00:00.000Z' }
  await Promise.all(
    Array.from({ length: 20 }, (_, n) =>
      index.write(`${did.slice(0, -2)}${String.fromCharCode(97 + n)}a`, [
        { put: 'dataset', rkey: 'ice', record },
      ]),
    ),
  )
  const uri = `at://${did}/${collections.dataset}/ice`
  const showAll = async () => {
    const [, , page] = await Promise.all([
      query(index.url, 'searchDatasets', { q: 'ice' }),
      query(index.url, 'getDataset', { uri }),
      fetch(`${index.url}/dataset/${did}/ice`),
    ])
    expect(page.status).toBe(200)
  }
  for (let n = 0; n < 10; n++) await Promise.all([showAll(), showAll(), showAll()])
  const [found] = (await index.catalog.db.execute(
    sql`SELECT count(*)::int AS n FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'holdfast'`,
  )) as unknown as { n: number }[]
  expect(found!.n).toBeLessThanOrEqual(2)
  expect(index.takeFaults()).toEqual([])
})
