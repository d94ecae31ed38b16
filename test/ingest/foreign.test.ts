import { readBackfills } from '@holdfast/appview/catalog/backfill'
import { foreignCollections } from '@holdfast/lexicons/foreign'
import { expect, test } from 'vitest'
import { startNetwork } from '../network/network.ts'
import { waitFor } from '../network/wait-for.ts'
import { putDataset, putOther, startFollowing } from './following.ts'

const collection = foreignCollections.atdataEntry
const record = { $type: collection, name: 'Ice', createdAt: '2026-02-01T12:00:00Z' }

test.each(['relay', 'PDSes directly'])(
  'finds foreign datasets that were written before the start, over the %s',
  async (way) => {
    await using network = await startNetwork({ pdsCount: 2, accounts: 3 })
    const [alone, both, neither] = network.accounts
    for (const { agent, did } of [alone!, both!])
      await agent.com.atproto.repo.putRecord({
        repo: did,
        collection,
        rkey: '3lice22222222',
        record,
        validate: false,
      })
    await putDataset(both!, 'ours')
    await putOther(neither!, 'note')
    const sources = way === 'relay' ? [network.relayUrl] : network.pdsUrls
    await using index = await startFollowing(network, { sources })
    const uris = async () => (await index.records()).map((line) => line.split(' ')[0])
    await waitFor(async () => (await uris()).length === 3, { what: 'the backfill' })
    if (way === 'relay') {
      const listing = async () =>
        (await readBackfills(index.catalog.db)).find((one) => one.collection === collection)
      const { listed } = await waitFor(async () => ((await listing())?.done ? listing() : undefined), {
        what: 'the listing of the foreign collection',
      })
      expect(listed).toBe(2)
    }
    const foreign = (await uris()).filter((uri) => uri?.includes(collection))
    expect(foreign).toEqual(
      [alone!, both!].map(({ did }) => `at://${did}/${collection}/3lice22222222`).sort(),
    )
  },
)
