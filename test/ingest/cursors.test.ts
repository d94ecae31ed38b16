import { readCursors } from '@holdfast/appview/catalog/reads/repo-reads'
import { openEmbedded } from '@holdfast/appview/catalog/test-backends'
import { expect, test } from 'vitest'
import { startNetwork } from '../network/network.ts'
import { waitFor } from '../network/wait-for.ts'
import { putDataset, startFollowing } from './following.ts'

test('events lost in silence, cut connections and repeats end in the same index', {
  timeout: 180_000,
}, async () => {
  await using network = await startNetwork({ pdsCount: 2, accounts: 3 })
  const [alice, bobby, carol] = network.accounts
  await using index = await startFollowing(network, { sources: [network.relayUrl], backfill: false })
  await Promise.all(network.accounts.map((account) => putDataset(account, 'first')))
  await index.agrees(network.accounts)

  // The next commit of the same repository shows the gap.
  network.relay.faults.dropNext(1)
  await putDataset(alice!, 'lost')
  await network.caughtUp()
  await putDataset(alice!, 'after')
  await index.agrees(network.accounts)
  expect(index.ingest.metrics.resyncs.asked).toBe(1)

  network.relay.faults.repeatNext(4)
  network.relay.faults.reverseNext(3, 'delivery')
  await Promise.all([putDataset(bobby!, 'second'), putDataset(carol!, 'second')])
  network.relay.faults.disconnect()
  await Promise.all([putDataset(bobby!, 'third'), putDataset(carol!, 'third')])
  await index.agrees(network.accounts)

  // Nothing more comes of this repository: only the comparison with its host can tell.
  network.relay.faults.dropNext(1)
  await putDataset(carol!, 'unheard')
  await network.caughtUp()
  await waitFor(
    async () => {
      await index.ingest.reconcile()
      return (await index.held()).some((one) => one.includes(`${carol!.did}/`) && one.includes('/unheard '))
    },
    { what: 'the unheard record', timeoutMs: 20_000 },
  )
})

test('a relay that lost its past, or began anew, has its repositories compared', {
  timeout: 180_000,
}, async () => {
  await using network = await startNetwork({ pdsCount: 1, accounts: 2 })
  const [alice, bobby] = network.accounts
  await using catalog = await openEmbedded()
  {
    await using index = await startFollowing(network, { sources: [network.relayUrl], catalog })
    await Promise.all(network.accounts.map((account) => putDataset(account, 'first')))
    await index.agrees(network.accounts)
  }
  const host = new URL(network.relayUrl).host
  await catalog.db.execute(`UPDATE catalog.source_cursor SET seq = 1000000 WHERE host = '${host}'`)
  network.relay.faults.dropNext(1)
  await putDataset(alice!, 'missed')
  await network.caughtUp()
  {
    await using index = await startFollowing(network, { sources: [network.relayUrl], catalog })
    network.relay.sendError('FutureCursor', 'cursor in the future')
    await index.agrees(network.accounts, 30_000)
    await waitFor(async () => ((await readCursors(catalog.db)).get(host) ?? 1e6) < 1_000, {
      what: 'a cursor of this stream',
    })
    network.relay.sendError('ConsumerTooSlow', 'too slow')
    await putDataset(bobby!, 'second')
    await index.agrees(network.accounts, 30_000)
    network.relay.faults.dropNext(1)
    await putDataset(alice!, 'missed-again')
    await network.caughtUp()
    network.relay.sendInfo('OutdatedCursor', 'some events are gone')
    await index.agrees(network.accounts, 30_000)
  }
})
