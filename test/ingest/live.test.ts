import { expect, test } from 'vitest'
import { startNetwork } from '../network/network.ts'
import { deleteDataset, putDataset, putOther, startFollowing } from './following.ts'

test.each(['relay', 'PDSes directly'])('creates, updates and deletes arrive over the %s', async (way) => {
  await using network = await startNetwork({ pdsCount: 2, accounts: 4 })
  const [alice, bobby, carol] = network.accounts
  await putDataset(alice!, 'before')
  await putOther(carol!, 'not-ours')
  const sources = way === 'relay' ? [network.relayUrl] : network.pdsUrls
  await using index = await startFollowing(network, { sources })
  await putDataset(alice!, 'first')
  await putDataset(bobby!, 'first')
  await putOther(bobby!, 'between')
  await putDataset(bobby!, 'second')
  await putDataset(alice!, 'first', 'A better title')
  await index.agrees(network.accounts)
  await deleteDataset(alice!, 'first')
  await putDataset(bobby!, 'third')
  await index.agrees(network.accounts)
  expect(await index.records()).toHaveLength(4)
})

test('an undisturbed stream causes no reads of whole repositories', async () => {
  await using network = await startNetwork({ pdsCount: 2, accounts: 4 })
  await using index = await startFollowing(network, { sources: [network.relayUrl] })
  for (let round = 0; round < 10; round++) {
    await Promise.all(
      network.accounts.map((account) => putDataset(account, `d${round % 4}`, `Round ${round}`)),
    )
    await Promise.all(network.accounts.map((account) => putOther(account, `n${round}`)))
  }
  await index.agrees(network.accounts)
  expect(index.ingest.metrics.resyncs.asked).toBe(0)
})
