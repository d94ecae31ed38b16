import { openEmbedded } from '@holdfast/appview/testing/backends'
import { collections } from '@holdfast/lexicons/nsid'
import { sql } from 'drizzle-orm'
import { expect, test } from 'vitest'
import { startNetwork } from '../network/network.ts'
import { waitFor } from '../network/wait-for.ts'
import { putDataset, startFollowing } from './following.ts'

const added = 'gov.example.archive'

/**
 * An index that begins to read another authority is in the place of one that was upgraded and now reads another kind of record:
 * the records are in repositories that it knows and whose revision has not changed since it read them.
 */
test.each([
  ['a relay, which lists repositories by collection', 'relay'],
  ['a PDS, which lists all of them', 'pds'],
] as const)('finds earlier records of an added collection through %s', async (_, kind) => {
  await using network = await startNetwork({ pdsCount: 1, accounts: 2 })
  await using catalog = await openEmbedded()
  const sources = [kind === 'relay' ? network.relayUrl : network.pdsUrls[0]!]
  const [alice, bobby] = network.accounts
  const earlier = `${added}.dataset`
  {
    await using index = await startFollowing(network, { sources, catalog })
    await putDataset(alice!, 'known')
    await putDataset(bobby!, 'known')
    await alice!.agent.com.atproto.repo.putRecord({
      repo: alice!.did,
      collection: earlier,
      rkey: 'earlier',
      record: { $type: earlier, title: 'Earlier', createdAt: '2026-11-20T00:00:00.000Z' },
      validate: false,
    })
    await putDataset(alice!, 'later')
    await index.agrees(network.accounts)
    await waitFor(async () => (await listed(catalog.db)) > 0, { what: 'a finished listing' })
  }
  await using index = await startFollowing(network, {
    sources,
    catalog,
    authorities: [collections.dataset.replace('.dataset', ''), added],
  })
  const uri = `at://${alice!.did}/${earlier}/earlier`
  await waitFor(async () => (await index.records()).some((one) => one.startsWith(`${uri} `)), {
    what: 'the earlier record',
  })
  expect((await index.records()).filter((one) => one.includes('refused'))).toEqual([])
})

async function listed(db: Awaited<ReturnType<typeof openEmbedded>>['db']): Promise<number> {
  const answer = (await db.execute(sql`SELECT 1 FROM catalog.backfill WHERE done`)) as unknown as {
    rows: unknown[]
  }
  return answer.rows.length
}
