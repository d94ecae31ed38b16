import { readCursors } from '@holdfast/appview/catalog/cursors'
import type { Catalog } from '@holdfast/appview/store/open'
import { openEmbedded } from '@holdfast/appview/testing/backends'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { TestAccount } from '../network/accounts.ts'
import { type Network, startNetwork } from '../network/network.ts'
import { waitFor } from '../network/wait-for.ts'
import { type Following, putDataset, startFollowing } from './following.ts'

let network: Network
let [alice, bobby, carol]: TestAccount[] = []
beforeAll(async () => {
  network = await startNetwork({ pdsCount: 2, accounts: 3 })
  ;[alice, bobby, carol] = network.accounts
})
afterAll(() => network?.[Symbol.asyncDispose]())

describe('an index that does not read whole repositories when it starts', () => {
  let index: Following
  beforeAll(async () => {
    index = await startFollowing(network, { sources: [network.relayUrl], backfill: [] })
    await Promise.all(network.accounts.map((account) => putDataset(account, 'first')))
    await index.agrees(network.accounts)
  })
  afterAll(() => index?.[Symbol.asyncDispose]())

  test('reads a repository when its next commit shows that one was lost', async () => {
    network.relay.faults.dropNext(1)
    await putDataset(alice!, 'lost')
    await network.caughtUp()
    await putDataset(alice!, 'after')
    await index.agrees(network.accounts)
    expect(index.ingest.metrics.resyncs.asked).toBe(1)
  })

  test('agrees with the hosts after repeated and reordered commits and a lost connection', async () => {
    network.relay.faults.repeatNext(4)
    network.relay.faults.reverseNext(3, 'delivery')
    await Promise.all([putDataset(bobby!, 'second'), putDataset(carol!, 'second')])
    network.relay.faults.disconnect()
    await Promise.all([putDataset(bobby!, 'third'), putDataset(carol!, 'third')])
    await index.agrees(network.accounts)
  })

  test('finds a lost commit without a successor when it compares repositories', async () => {
    network.relay.faults.dropNext(1)
    await putDataset(carol!, 'unheard')
    await network.caughtUp()
    await waitFor(
      async () => {
        await index.ingest.reconcile()
        return (await index.records()).some(
          (one) => one.includes(`${carol!.did}/`) && one.includes('/unheard '),
        )
      },
      { what: 'the unheard record', timeoutMs: 20_000 },
    )
  })
})

describe('a restarted index', () => {
  let catalog: Catalog
  beforeAll(async () => {
    catalog = await openEmbedded()
    await using index = await start()
    await Promise.all(network.accounts.map((account) => putDataset(account, 'before')))
    await index.agrees(network.accounts)
  })
  afterAll(() => catalog?.[Symbol.asyncDispose]())

  const start = () => startFollowing(network, { sources: [network.relayUrl], catalog })
  const startConnected = async () => {
    const index = await start()
    await waitFor(() => network.relay.stream.subscriberCount === 1, { what: 'the connection to the relay' })
    return index
  }

  test('compares every repository when the relay calls its cursor a future one', async () => {
    const host = new URL(network.relayUrl).host
    await catalog.db.execute(`UPDATE catalog.source_cursor SET seq = 1000000 WHERE host = '${host}'`)
    network.relay.faults.dropNext(1)
    await putDataset(alice!, 'missed')
    await network.caughtUp()
    await using index = await start()
    network.relay.sendError('FutureCursor', 'cursor in the future')
    await index.agrees(network.accounts, 30_000)
    await waitFor(async () => ((await readCursors(catalog.db)).get(host)?.seq ?? 1e6) < 1_000, {
      what: 'a cursor of this stream',
    })
  })

  test('follows again after the relay disconnected it as too slow', async () => {
    await using index = await startConnected()
    network.relay.sendError('ConsumerTooSlow', 'too slow')
    await putDataset(bobby!, 'after-slow')
    await index.agrees(network.accounts, 30_000)
  })

  test('compares every repository when the relay lacks events before its cursor', async () => {
    await using index = await startConnected()
    network.relay.faults.dropNext(1)
    await putDataset(alice!, 'missed-again')
    await network.caughtUp()
    network.relay.sendInfo('OutdatedCursor', 'some events are gone')
    await index.agrees(network.accounts, 30_000)
  })
})
