import { applyAdmissionPolicy } from '@holdfast/appview/catalog/admission-policy'
import { sql } from 'drizzle-orm'
import { expect, test } from 'vitest'
import { startNetwork } from '../network/network.ts'
import { waitFor } from '../network/wait-for.ts'
import { type Following, putDataset, startFollowing } from './following.ts'

test.each(['relay', 'PDSes directly'])('follows changes of accounts over the %s', async (way) => {
  await using network = await startNetwork({ pdsCount: 2, accounts: 7 })
  const [leaver, deleted, mover, renamed, rekeyed, tombstoned, takenDown] = network.accounts
  const sources = way === 'relay' ? [network.relayUrl] : network.pdsUrls
  await using index = await startFollowing(network, { sources })
  await applyAdmissionPolicy(index.catalog.db, 'open')
  await Promise.all(network.accounts.map((account) => putDataset(account, 'one')))
  await index.agrees(network.accounts)
  await waitFor(async () => (await accountOf(index, renamed!.did))?.handle === renamed!.handle, {
    what: 'the handle to be checked',
  })

  await leaver!.agent.com.atproto.server.deactivateAccount({})
  await network.takeDown(takenDown!)
  await network.deleteAccount(deleted!)
  await network.tombstone(tombstoned!)
  await network.updateHandle(renamed!, 'another-name')
  await network.rotateSigningKey(rekeyed!)
  await network.moveAccount(mover!, (network.pds.indexOf(network.pdsOf(mover!)) + 1) % 2)
  await Promise.all([putDataset(rekeyed!, 'two'), putDataset(mover!, 'two'), putDataset(renamed!, 'two')])

  await waitFor(async () => !(await visible(index, leaver!.did)), { what: 'the deactivated to be hidden' })
  await waitFor(async () => !(await visible(index, takenDown!.did)), {
    what: 'the taken down to be hidden',
  })
  await waitFor(async () => !(await index.records()).some((one) => one.includes(deleted!.did)), {
    what: 'the deleted to be purged',
  })
  // No event reports a tombstone; it is found by comparing with the directory, which is asked at most every ten
  // seconds.
  await waitFor(
    async () => {
      await index.ingest.reconcile()
      return !(await index.records()).some((one) => one.includes(tombstoned!.did))
    },
    { what: 'the tombstoned to be purged', timeoutMs: 20_000, intervalMs: 500 },
  )
  expect((await accountOf(index, leaver!.did))?.status).toBe('deactivated')
  expect((await accountOf(index, takenDown!.did))?.status).toBe('takendown')
  await waitFor(async () => (await accountOf(index, renamed!.did))?.handle === 'another-name.test', {
    what: 'the new handle',
  })
  for (const { did } of [rekeyed!, mover!, renamed!]) {
    await waitFor(
      async () => (await index.records()).includes(`at://${did}/x`) || (await visible(index, did)) === 2,
      {
        what: `both records of ${did}`,
      },
    )
  }
  expect((await accountOf(index, mover!.did))?.host).toBe(new URL(mover!.pdsUrl).host)

  await leaver!.agent.com.atproto.server.activateAccount()
  await network.takeDown(takenDown!, false)
  await waitFor(async () => (await visible(index, leaver!.did)) === 1, { what: 'the returned to be shown' })
  await waitFor(async () => (await visible(index, takenDown!.did)) === 1, {
    what: 'the restored to be shown',
  })
})

async function accountOf({ catalog }: Following, did: string) {
  const [row] = await rowsOf<{ handle: string | null; status: string | null; host: string | null }>(
    catalog.db.execute(sql`SELECT handle, status, pds_host AS host FROM catalog.account WHERE did = ${did}`),
  )
  return row
}

async function visible({ catalog }: Following, did: string): Promise<number> {
  const [row] = await rowsOf<{ n: number }>(
    catalog.db.execute(sql`SELECT count(*)::int AS n FROM catalog.record WHERE did = ${did} AND visible`),
  )
  return row!.n
}

async function rowsOf<Row>(answer: PromiseLike<unknown>): Promise<Row[]> {
  const result = (await answer) as Row[] | { rows: Row[] }
  return Array.isArray(result) ? result : result.rows
}
