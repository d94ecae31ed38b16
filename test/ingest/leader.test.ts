import { aborted } from '@holdfast/appview/runtime/aborted'
import { becomeLeader, keepLeading, type Right } from '@holdfast/appview/store/leader'
import { openCatalog } from '@holdfast/appview/store/open'
import { rows } from '@holdfast/appview/store/sql'
import { createScratchDatabase } from '@holdfast/appview/testing/backends'
import { sql } from 'drizzle-orm'
import { expect, test } from 'vitest'
import { startFlakyProxy } from '../chaos/flaky-proxy.ts'
import { startNetwork } from '../network/network.ts'
import { waitFor } from '../network/wait-for.ts'
import { databaseUrl, needs } from '../system/requirements.ts'
import { putDataset, startFollowing } from './following.ts'

const hasServer = needs('leader and standby', 'PostgreSQL')

test.skipIf(!hasServer)('the second of two processes takes over ingest within two seconds', async () => {
  await using network = await startNetwork({ pdsCount: 1, accounts: 2 })
  await using database = await createScratchDatabase(databaseUrl())
  await using first = await openCatalog({ databaseUrl: database.url })
  await using second = await openCatalog({ databaseUrl: database.url })
  const options = { sources: [network.relayUrl], databaseUrl: database.url }
  const leader = await startFollowing(network, { ...options, catalog: first })
  await waitFor(() => leader.ingest.leading, { what: 'the first to lead' })
  await using standby = await startFollowing(network, { ...options, catalog: second })
  await putDataset(network.accounts[0]!, 'one')
  await leader.agrees(network.accounts)
  expect(standby.ingest.leading).toBe(false)

  await leader[Symbol.asyncDispose]()
  const left = performance.now()
  await putDataset(network.accounts[1]!, 'two')
  await standby.agrees(network.accounts)
  expect(performance.now() - left).toBeLessThan(2_000)
})

test.skipIf(!hasServer)('gives each leadership to one process at a time', { timeout: 60_000 }, async () => {
  await using database = await createScratchDatabase(databaseUrl())
  const working: string[] = []
  const start = (name: string, right: Right) => {
    const stop = new AbortController()
    const done = keepLeading(right, database.url, {
      signal: stop.signal,
      async work(signal) {
        working.push(name)
        await aborted(signal)
        working.splice(working.indexOf(name), 1)
      },
      onStandby() {},
      onFault: (error) => expect.fail(String(error)),
    })
    return () => {
      stop.abort()
      return done
    }
  }
  const endFirst = start('first', 'swarms')
  await waitFor(() => working.length === 1, { what: 'the first to work' })
  const endOther = start('other', 'ingest')
  await waitFor(() => working.length === 2, { what: 'the other right to be free' })
  const endSecond = start('second', 'swarms')
  await endFirst()
  await waitFor(() => working.includes('second'), { what: 'the second to take over' })
  expect(working.toSorted()).toEqual(['other', 'second'])
  await Promise.all([endSecond(), endOther()])
  expect(working).toEqual([])
})

test.skipIf(!hasServer)('pauses ingest while the database is away, and skips nothing', async () => {
  await using network = await startNetwork({ pdsCount: 1, accounts: 2 })
  await using database = await createScratchDatabase(databaseUrl())
  const { hostname: host, port } = new URL(database.url)
  await using proxy = await startFlakyProxy({ host, port: Number(port || 5432) })
  const proxied = new URL(database.url)
  proxied.host = `127.0.0.1:${proxy.port}`
  await using catalog = await openCatalog({ databaseUrl: proxied.href })
  await using index = await startFollowing(network, {
    sources: [network.relayUrl],
    catalog,
    databaseUrl: proxied.href,
  })
  await putDataset(network.accounts[0]!, 'before')
  await index.agrees(network.accounts)
  await proxy.down()
  for (let n = 0; n < 5; n++) await putDataset(network.accounts[n % 2]!, `during-${n}`)
  await proxy.up()
  await putDataset(network.accounts[1]!, 'after')
  await index.agrees(network.accounts, 60_000)
  expect(index.ingest.metrics.rejects.size).toBe(0)
})

test.skipIf(!hasServer)('a standby asks again and again over one session', { timeout: 60_000 }, async () => {
  await using database = await createScratchDatabase(databaseUrl())
  await using catalog = await openCatalog({ databaseUrl: database.url })
  const stop = new AbortController()
  const { signal } = stop
  await using _leader = await becomeLeader('ingest', database.url, { signal })
  const waiting = becomeLeader('ingest', database.url, { signal })
  waiting.catch(() => {})
  const asked = new Set<string>()
  const sessions = new Set<number>()
  await waitFor(
    async () => {
      const seen = await rows<{ pid: number; at: string }>(
        catalog.db,
        sql`SELECT pid, query_start::text AS at FROM pg_stat_activity
            WHERE datname = current_database() AND application_name = 'holdfast-leader' AND query LIKE '%leads'`,
      )
      for (const { pid, at } of seen) {
        sessions.add(pid)
        asked.add(`${pid} ${at}`)
      }
      return asked.size >= 6
    },
    { what: 'the standby to have asked a few times' },
  )
  expect(sessions.size).toBe(2)
  stop.abort()
  await expect(waiting).rejects.toThrow()
})
