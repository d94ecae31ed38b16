import { collections } from '@holdfast/lexicons/nsid'
import { expect, test } from 'vitest'
import { startNetwork } from '../network/network.ts'
import { waitFor } from '../network/wait-for.ts'
import { putDataset, startFollowing } from './following.ts'

test.each([
  { of: 'an account', quotas: { recordsPerAccount: 3 }, indexed: [3, 3] },
  { of: 'a server', quotas: { recordsPerHost: 4 }, indexed: [3, 1] },
])('refuses records beyond the quota of $of until there is room again', async ({ quotas, indexed }) => {
  await using network = await startNetwork({ pdsCount: 1, accounts: 2 })
  const [first, second] = network.accounts
  await using index = await startFollowing(network, { sources: [network.relayUrl], ...quotas })
  const count = async (did: string) => {
    const records = (await index.records()).filter((one) => one.includes(did))
    const refused = records.filter((one) => one.endsWith('refused quota-records')).length
    return { indexed: records.length - refused, refused }
  }

  for (const key of ['a', 'b', 'c']) await putDataset(first!, key)
  await waitFor(async () => (await count(first!.did)).indexed === 3, {
    what: 'the records within the quota',
  })
  for (const key of ['a', 'b', 'c', 'd']) await putDataset(second!, key)
  await waitFor(async () => (await index.records()).length === 7, { what: 'every record, taken or refused' })
  expect(await count(first!.did)).toEqual({ indexed: indexed[0], refused: 0 })
  expect(await count(second!.did)).toEqual({ indexed: indexed[1], refused: 4 - indexed[1]! })

  for (const rkey of ['b', 'c', 'd']) {
    await second!.agent.com.atproto.repo.deleteRecord({
      repo: second!.did,
      collection: collections.dataset,
      rkey,
    })
  }
  await waitFor(async () => (await index.records()).length === 4, { what: 'the deletes' })
  await putDataset(second!, 'a')
  await waitFor(async () => (await count(second!.did)).indexed === 1, {
    what: 'the record that has room now',
  })
})
