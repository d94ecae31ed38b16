import { connectPostgres } from '@holdfast/appview/store/connect-postgres'
import { openCatalog } from '@holdfast/appview/store/open'
import { withPatience } from '@holdfast/appview/store/patience'
import { readOnly } from '@holdfast/appview/store/read-only'
import { createScratchDatabase } from '@holdfast/appview/testing/backends'
import { methods } from '@holdfast/lexicons/nsid'
import { sql } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startFlakyProxy } from '../chaos/flaky-proxy.ts'
import { waitFor } from '../network/wait-for.ts'
import { databaseUrl, needs } from '../system/requirements.ts'
import { type IndexUnderTest, startIndex } from './index-under-test.ts'

const hasPostgres = needs('a database that fails under search', 'PostgreSQL')
const searchers = 8
const poolSize = 4

describe.skipIf(!hasPostgres)('a database that fails, on the connections of searches', () => {
  let parts: AsyncDisposableStack
  let proxy: Awaited<ReturnType<typeof startFlakyProxy>>
  let index: IndexUnderTest
  let url: string
  let through: string
  beforeAll(async () => {
    parts = new AsyncDisposableStack()
    url = parts.use(await createScratchDatabase(databaseUrl())).url
    const target = new URL(url)
    proxy = parts.use(await startFlakyProxy({ host: target.hostname, port: Number(target.port || 5432) }))
    through = Object.assign(new URL(url), { hostname: '127.0.0.1', port: String(proxy.port) }).href
    const env = { HOLDFAST_SEARCH_MEMORY: '0MB' }
    index = parts.use(await startIndex({ env, open: () => openCatalog({ databaseUrl: through, poolSize }) }))
  })
  afterAll(() => parts.disposeAsync())

  const search = () => fetch(`${index.url}/xrpc/${methods.searchDatasets}?q=%22sea+ice%22`)
  const answersAll = async () => {
    const statuses = await Promise.all(
      Array.from({ length: searchers }, async () => {
        const response = await search()
        await response.text()
        return response.status
      }),
    )
    return statuses.every((status) => status === 200)
  }
  const wellAgain = () => waitFor(answersAll, { what: 'every search to be answered' })

  /**
   * Searches continuously while `trouble` is active; every answer must come in time, and be complete or state what is
   * wrong.
   */
  async function underSearch(trouble: () => Promise<void>): Promise<void> {
    const seen = new Set<number>()
    let slowestMs = 0
    let isOver = false
    const searching = Array.from({ length: searchers }, async () => {
      while (!isOver) {
        const askedAt = performance.now()
        const response = await search()
        const body = (await response.json()) as { error?: string }
        slowestMs = Math.max(slowestMs, performance.now() - askedAt)
        seen.add(response.status)
        if (response.status !== 200) expect(body.error).toBe('StoreUnavailable')
      }
    })
    try {
      await trouble()
    } finally {
      isOver = true
    }
    await Promise.all(searching)
    expect([...seen].filter((status) => status !== 200 && status !== 503)).toEqual([])
    expect(slowestMs).toBeLessThan(15_000)
    await wellAgain()
  }
  const failing = () => waitFor(async () => (await search()).status === 503, { what: 'a search to fail' })

  test('all connections can be used again after outages', async () => {
    await underSearch(async () => {
      for (let round = 0; round < 3; round++) {
        await proxy.down()
        await failing()
        await proxy.up()
        await wellAgain()
      }
    })
  })

  test('replaces sessions that the server ends', async () => {
    await using direct = await openCatalog({ databaseUrl: url })
    await underSearch(async () => {
      for (let round = 0; round < 5; round++) {
        await direct.db.execute(sql`
          SELECT pg_terminate_backend(pid) FROM pg_stat_activity
          WHERE datname = current_database() AND pid <> pg_backend_pid() AND application_name = 'holdfast'`)
        await wellAgain()
      }
    })
  })

  test('gives up a server that is silent and finds it again', async () => {
    await underSearch(async () => {
      using _paused = proxy.pause()
      await failing()
    })
  })
})

test.skipIf(!hasPostgres)('replaces old connections one by one', async () => {
  await using store = await createScratchDatabase(databaseUrl())
  const { client, db } = connectPostgres(store.url, { poolSize, maxAgeMs: 20 })
  const one = () => readOnly(db, async (tx) => tx.execute(sql`SELECT pg_backend_pid() AS pid`))
  const pids = new Set<unknown>()
  try {
    for (let round = 0; round < 40; round++) {
      const answers = await Promise.all(Array.from({ length: searchers }, one))
      for (const [row] of answers as unknown as { pid: number }[][]) pids.add(row?.pid)
    }
    expect(pids.size).toBeGreaterThan(poolSize)
    const counted = await db.execute(sql`
      SELECT count(*)::int AS n FROM pg_stat_activity WHERE datname = current_database()`)
    expect((counted as unknown as { n: number }[])[0]?.n).toBeLessThanOrEqual(poolSize + 2)
  } finally {
    await client.end({ timeout: 1 })
  }
})

test.skipIf(!hasPostgres)('reports when waiting for a connection or an answer takes too long', async () => {
  await using store = await createScratchDatabase(databaseUrl())
  const { client, db } = connectPostgres(store.url, { poolSize: 1 })
  try {
    const within = <T>(ms: number, work: () => T) => withPatience(() => ms, work)
    const sleeping = within(500, () =>
      readOnly(db, (tx) => tx.execute(sql`SELECT pg_sleep(60)`) as Promise<unknown>),
    )
    const waiting = within(100, async () => db.execute(sql`SELECT 1`))
    sleeping.catch(() => {})
    await expect(waiting).rejects.toMatchObject({
      cause: { message: 'No connection to the database became free in time.' },
    })
    await expect(sleeping).rejects.toThrow('did not answer in time')
    // The server was told to cancel the query as well.
    const asleep = sql`SELECT FROM pg_stat_activity WHERE datname = current_database() AND query LIKE '%pg_sleep(60)' AND state = 'active'`
    await waitFor(async () => ((await db.execute(asleep)) as unknown as unknown[]).length === 0, {
      what: 'the server to stop sleeping',
    })
  } finally {
    await client.end({ timeout: 1 })
  }
})

test.skipIf(!hasPostgres)('does not run the rest of a transaction on another connection', async () => {
  await using store = await createScratchDatabase(databaseUrl())
  const { client, db } = connectPostgres(store.url, { poolSize: 2 })
  try {
    await db.execute(sql`CREATE TABLE kept (n int)`)
    const broken = db.transaction(async (tx) => {
      await tx.execute(sql`INSERT INTO kept VALUES (1)`)
      await tx.execute(sql`SELECT pg_terminate_backend(pg_backend_pid())`).catch(() => {})
      await tx.execute(sql`INSERT INTO kept VALUES (2)`)
    })
    await expect(broken).rejects.toThrow()
    expect(await db.execute(sql`SELECT n FROM kept`)).toHaveLength(0)
  } finally {
    await client.end({ timeout: 1 })
  }
})
