import { collections } from '@holdfast/lexicons/nsid'
import { expect, test } from 'vitest'
import { startJetstream } from '../network/jetstream.ts'
import { type Network, startNetwork } from '../network/network.ts'
import { deleteDataset, putDataset, putOther, startFollowing } from './following.ts'

test('our reader and the reference reader build the same index from one stream', async () => {
  await using network = await startNetwork({ pdsCount: 2, accounts: 3 })
  const sources = [network.relayUrl]
  await using ours = await startFollowing(network, { sources, backfill: [] })
  await using reference = await startFollowing(network, { sources, backfill: [], reader: 'reference' })
  await writeSome(network)
  await ours.agrees(network.accounts)
  await reference.agrees(network.accounts)
  expect(await ours.records()).toEqual(await reference.records())
  await network.deleteAccount(network.accounts[0]!)
  const left = network.accounts.slice(1)
  await ours.agrees(left)
  await reference.agrees(left)
})

test('proves the hints of a Jetstream by the records’ own hosts', async () => {
  await using network = await startNetwork({ pdsCount: 1, accounts: 3, relay: false })
  await using jetstream = await startJetstream(network)
  await using index = await startFollowing(network, {
    sources: [],
    hints: [jetstream.url],
    backfill: [],
  })
  await writeSome(network)
  await index.agrees(network.accounts)
  // A hint is not trusted: a hint about a record that does not exist changes nothing.
  jetstream.say({
    did: network.accounts[1]!.did,
    kind: 'commit',
    commit: { collection: collections.dataset, rkey: 'd0', operation: 'delete' },
  })
  jetstream.say({
    did: network.accounts[1]!.did,
    kind: 'commit',
    commit: {
      collection: collections.dataset,
      rkey: 'made-up',
      operation: 'create',
      record: { title: 'x' },
    },
  })
  await putDataset(network.accounts[1]!, 'after')
  await index.agrees(network.accounts)
})

async function writeSome(network: Network): Promise<void> {
  for (const account of network.accounts) {
    for (let n = 0; n < 4; n++) await putDataset(account, `d${n}`)
    await putOther(account, 'note')
    await putDataset(account, 'd1', 'Another title')
    await deleteDataset(account, 'd2')
  }
}
