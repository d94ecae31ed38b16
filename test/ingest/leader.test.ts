import { openCatalog } from '@holdfast/appview/catalog/open'
import { aborted } from '@holdfast/appview/catalog/store/aborted'
import { keepLeading, type Right } from '@holdfast/appview/catalog/store/leader'
import { createScratchDatabase } from '@holdfast/appview/catalog/test-backends'
import { expect, test } from 'vitest'
import { startFlakyProxy } from '../chaos/flaky-proxy.ts'
import { startNetwork } from '../network/network.ts'
import { waitFor } from '../network/wait-for.ts'
import { putDataset, startFollowing } from './following.ts'

const databaseUrl = process.env.HOLDFAST_TEST_DATABASE_URL
if (!databaseUrl) {
  if (process.env.CI === 'true') throw new Error('CI must set HOLDFAST_TEST_DATABASE_URL')
  process.stderr.write('left out: leader and standby (HOLDFAST_TEST_DATABASE_URL is not set)\n')
}

test.runIf(databaseUrl)(
  'one of two processes ingests, and the other takes over within seconds',
  { timeout: 180_000 },
  async () => {
    await using network = await startNetwork({ pdsCount: 1, accounts: 2 })
    await using database = await createScratchDatabase(databaseUrl!)
    await using first = await openCatalog({ databaseUrl: database.url })
    await using second = await openCatalog({ databaseUrl: database.url })
    const options = { sources: [network.relayUrl], databaseUrl: database.url }
    const leader = await startFollowing(network, { ...options, catalog: first })
    await waitFor(() => leader.ingest.leading, { what: 'the first to lead' })
    await using standby = await startFollowing(network, { ...options, catalog: second })
    await putDataset(network.accounts[0]!, 'one')
    await leader.agrees(network.accounts)
    expect(standby.ingest.leading).toBe(false)

    const left = performance.now()
    await leader[Symbol.asyncDispose]()
    await waitFor(() => standby.ingest.leading, { what: 'the standby to lead' })
    expect(performance.now() - left).toBeLessThan(10_000)
    await putDataset(network.accounts[1]!, 'two')
    await standby.agrees(network.accounts)
  },
)

test.runIf(databaseUrl)(
  'each right is had by one process at a time, and work begins again in another',
  { timeout: 60_000 },
  async () => {
    await using database = await createScratchDatabase(databaseUrl!)
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
  },
)

test.runIf(databaseUrl)(
  'a database that goes away pauses ingest, and nothing is skipped',
  { timeout: 180_000 },
  async () => {
    await using network = await startNetwork({ pdsCount: 1, accounts: 2 })
    await using database = await createScratchDatabase(databaseUrl!)
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
  },
)
