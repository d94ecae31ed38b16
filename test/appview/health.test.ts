import { type Catalog, openCatalog } from '@holdfast/appview/store/open'
import { createScratchDatabase, testBackends } from '@holdfast/appview/testing/backends'
import { sql } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startFlakyProxy } from '../chaos/flaky-proxy.ts'
import { waitFor } from '../network/wait-for.ts'
import { databaseUrl, needs } from '../system/requirements.ts'
import { startRedis } from '../tracker/cluster/redis-servers.ts'
import { type IndexUnderTest, startIndex } from './index-under-test.ts'

const hasPostgres = needs('health of a PostgreSQL that fails', 'PostgreSQL')
const hasRedis = needs('health without Redis', 'redis-server')

async function ask(index: IndexUnderTest, path: string): Promise<{ status: number; body: object }> {
  const response = await fetch(index.url + path)
  return { status: response.status, body: (await response.json()) as object }
}

describe.each(testBackends())('health, on $name', ({ open }) => {
  let index: IndexUnderTest
  beforeAll(async () => {
    index = await startIndex({ open })
  })
  afterAll(() => index[Symbol.asyncDispose]())

  test('/xrpc/_health answers as atproto’s tools expect', async () => {
    expect(await ask(index, '/xrpc/_health')).toEqual({ status: 200, body: { version: 'test' } })
  })

  test('a healthy server is alive and ready', async () => {
    expect(await ask(index, '/health/live')).toEqual({ status: 200, body: { ok: true, version: 'test' } })
    const ready = {
      status: 200,
      body: { ok: true, version: 'test', database: 'ok', writes: 'ok', ingest: [] },
    }
    expect(await ask(index, '/health/ready')).toEqual(ready)
    expect(await ask(index, '/health')).toEqual(ready)
  })
})

describe.skipIf(!hasPostgres)('health with a failing PostgreSQL', () => {
  let parts: AsyncDisposableStack
  let proxy: Awaited<ReturnType<typeof startFlakyProxy>>
  let direct: Catalog
  let index: IndexUnderTest
  beforeAll(async () => {
    parts = new AsyncDisposableStack()
    const { url } = parts.use(await createScratchDatabase(databaseUrl()))
    const target = new URL(url)
    proxy = parts.use(await startFlakyProxy({ host: target.hostname, port: Number(target.port || 5432) }))
    const through = Object.assign(new URL(url), { hostname: '127.0.0.1', port: String(proxy.port) })
    direct = parts.use(await openCatalog({ databaseUrl: url }))
    index = parts.use(await startIndex({ open: () => openCatalog({ databaseUrl: through.href }) }))
  })
  afterAll(() => parts.disposeAsync())

  const isWell = async () => (await ask(index, '/health/ready')).status === 200
  const wellAgain = () => waitFor(isWell, { what: 'the server to be well again' })

  test('read-only: reports that nothing can be written', async () => {
    expect(await isWell()).toBe(true)
    const setReadOnly = (to: string) =>
      direct.db.execute(sql`DO $$ BEGIN
        EXECUTE format('ALTER DATABASE %I SET default_transaction_read_only = ${sql.raw(to)}', current_database());
        PERFORM pg_terminate_backend(pid) FROM pg_stat_activity
          WHERE datname = current_database() AND pid <> pg_backend_pid() AND query NOT LIKE 'LISTEN%'; END $$`)
    await setReadOnly('on')
    await waitFor(async () => (await ask(index, '/health/ready')).status === 503, {
      what: 'it to be noticed',
    })
    await waitFor(
      async () => JSON.stringify((await ask(index, '/health')).body).includes('"writes":"is read-only"'),
      { what: 'what is broken to be said' },
    )
    expect(await ask(index, '/health')).toMatchObject({
      status: 503,
      body: { ok: false, database: 'ok', writes: 'is read-only' },
    })
    expect((await ask(index, '/xrpc/_health')).status).toBe(503)
    expect((await ask(index, '/health/live')).status).toBe(200)
    await direct.db.execute(sql`SET default_transaction_read_only = off`)
    await setReadOnly('off')
    await wellAgain()
  })

  test('paused: answers in time and reports it', async () => {
    await wellAgain()
    {
      using _paused = proxy.pause()
      await waitFor(async () => (await ask(index, '/health')).status === 503, { what: 'it to be noticed' })
      const startedAt = performance.now()
      expect(await ask(index, '/health')).toMatchObject({ body: { database: 'does not answer' } })
      expect(performance.now() - startedAt).toBeLessThan(2_500)
    }
    await wellAgain()
  })

  test('away: answers without an address or a stack trace', async () => {
    await proxy.down()
    await waitFor(async () => (await ask(index, '/health')).status === 503, { what: 'it to be noticed' })
    expect(JSON.stringify((await ask(index, '/health')).body)).not.toMatch(/127\.0\.0\.1|Error|at /)
    await proxy.up()
    await wellAgain()
  })
})

test.skipIf(!hasRedis)('reports a Redis that is gone', async () => {
  await using redis = await startRedis()
  const { open } = testBackends()[0]!
  const env = { HOLDFAST_REDIS_URL: `redis://127.0.0.1:${redis.port}` }
  await using index = await startIndex({ open, env })
  await waitFor(async () => JSON.stringify(await ask(index, '/health')).includes('"redis":"ok"'), {
    what: 'Redis to be there',
  })
  await redis.stop()
  await waitFor(
    async () => JSON.stringify(await ask(index, '/health')).includes('limits count in this process'),
    {
      what: 'Redis to be missed',
    },
  )
  expect((await ask(index, '/health')).status).toBe(200)
})
