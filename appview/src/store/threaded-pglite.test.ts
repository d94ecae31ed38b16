import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Worker } from 'node:worker_threads'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { layEmptyCluster } from './empty-cluster.ts'
import { withPatience } from './patience.ts'
import { isStoreAway, StoreUnavailableError } from './store-unavailable.ts'
import { openThreadedPglite, type ThreadedPglite } from './threaded-pglite.ts'

/** A statement that takes longer than any turn of the event loop, on any machine. */
const long = 'SELECT count(*)::int AS n FROM generate_series(1, 1000000)'

let store: ThreadedPglite
beforeAll(async () => {
  store = await openThreadedPglite(undefined)
})
afterAll(() => store[Symbol.asyncDispose]())

test('a long statement does not block the event loop', async () => {
  let isOver = false
  const answer = store.query(long).finally(() => {
    isOver = true
  })
  let turns = 0
  while (!isOver) {
    await nextTurn()
    turns++
  }
  expect((await answer).rows).toEqual([{ n: 1_000_000 }])
  expect(turns).toBeGreaterThan(100)
})

test('returns values as Drizzle expects them', async () => {
  const { rows } = await store.query(
    `SELECT $1::text AS text, 2::bigint AS big, '{"a":[1,"b",null]}'::jsonb AS json, ARRAY[1,2] AS list, NULL::jsonb AS none,
      '2026-01-02T03:04:05Z'::timestamptz AS at`,
    ['ü'],
    { parsers: { 1184: String } },
  )
  expect(rows).toEqual([
    {
      text: 'ü',
      big: 2,
      json: { a: [1, 'b', null] },
      list: [1, 2],
      none: null,
      at: '2026-01-02 03:04:05+00',
    },
  ])
})

test('keeps the SQLSTATE of an error and rolls its transaction back', async () => {
  await store.query('CREATE TABLE kept (n int PRIMARY KEY)')
  const failing = store.transaction(async ({ query }) => {
    await query('INSERT INTO kept VALUES (1)')
    await query('INSERT INTO kept VALUES (1)')
  })
  await expect(failing).rejects.toMatchObject({ code: '23505', constraint: 'kept_pkey' })
  expect((await store.query('SELECT * FROM kept')).rows).toEqual([])
})

test('a transaction whose error the caller ignored is not reported as committed', async () => {
  const broken = store.transaction(({ query }) => query('SELECT 1 / 0').catch(() => 'passed over'))
  await expect(broken).rejects.toMatchObject({ code: '25P02' })
})

test('no other statement runs between those of a transaction', async () => {
  await store.query('CREATE TABLE counted (n int)')
  const counting = store.transaction(async ({ query }) => {
    await query('INSERT INTO counted VALUES (1)')
    await nextTurn()
    await query('INSERT INTO counted VALUES (2)')
  })
  const beside = store.query('SELECT count(*)::int AS n FROM counted')
  await counting
  expect((await beside).rows).toEqual([{ n: 2 }])
})

test('refuses a caller that can wait no longer, without delaying others', async () => {
  const before = store.query(long)
  const impatient = withPatience(
    () => 1,
    () => store.query('SELECT 1'),
    'a visitor',
  )
  await expect(impatient).rejects.toBeInstanceOf(StoreUnavailableError)
  await before
  expect((await store.query('SELECT 1 AS n')).rows).toEqual([{ n: 1 }])
})

test('passes notifications on until the listener stops', async () => {
  const { promise, resolve } = Promise.withResolvers<string>()
  const stop = await store.listen('news', resolve)
  await store.query(`SELECT pg_notify('news', 'of today')`)
  expect(await promise).toBe('of today')
  stop()
})

test('a closed store reports that it is closed', async () => {
  await store[Symbol.asyncDispose]()
  expect(await Promise.race([store.lost, 'nothing was lost'])).toBe('nothing was lost')
  await expect(store.query('SELECT 1')).rejects.toMatchObject({ code: '57P01' })
})

test('rejects pending statements when the thread ends', async () => {
  const begun = once(process, 'worker')
  await using laid = await layStore()
  await using doomed = await openThreadedPglite(laid.dataDir)
  const [thread] = (await begun) as [Worker]
  const asked = doomed.query(long).catch((error: unknown) => error)
  await thread.terminate()
  expect((await doomed.lost).message).toContain('its thread ended')
  expect(isStoreAway(await asked)).toBe(true)
  await expect(doomed.query('SELECT 1')).rejects.toMatchObject({ code: '58000' })
})

test('ends the thread when the module aborts', async () => {
  await using laid = await layStore()
  await using doomed = await openThreadedPglite(laid.dataDir)
  await rm(join(laid.dataDir, 'pg_wal'), { recursive: true })
  // PostgreSQL panics when it cannot write its log.
  const asked = doomed.query('SELECT pg_switch_wal()').then(() => doomed.query('CREATE TABLE lost ()'))
  await expect(asked).rejects.toMatchObject({ code: '58000' })
  expect((await doomed.lost).message).toContain('the embedded store stopped')
})

/** A directory with an empty store in it. */
async function layStore(): Promise<AsyncDisposable & { dataDir: string }> {
  const directory = await mkdtemp(join(tmpdir(), 'holdfast-store-'))
  const dataDir = join(directory, 'pglite')
  await layEmptyCluster(dataDir)
  return { dataDir, [Symbol.asyncDispose]: () => rm(directory, { recursive: true, force: true }) }
}
