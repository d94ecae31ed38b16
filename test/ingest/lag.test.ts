import { readCursors } from '@holdfast/appview/catalog/cursors'
import { readSourceLags } from '@holdfast/appview/catalog/source-lags'
import { testBackends } from '@holdfast/appview/testing/backends'
import { sql } from 'drizzle-orm'
import { describe, expect, test } from 'vitest'
import { startNetwork } from '../network/network.ts'
import { waitFor } from '../network/wait-for.ts'
import { type Following, putDataset, startFollowing } from './following.ts'

const hostOf = async ({ ingest }: Following) => (await ingest.status()).hosts[0]!

describe.each(testBackends())('the lag of the index, on $name', ({ open }) => {
  test('counts records that wait until they are stored', async () => {
    await using network = await startNetwork({ pdsCount: 1, accounts: 2 })
    await using catalog = await open()
    const sources = [network.relayUrl]
    {
      // No account can be resolved, so all events wait.
      const away = { plcUrl: 'http://127.0.0.1:9' }
      await using index = await startFollowing(away, { sources, catalog, backfill: [] })
      await Promise.all(
        network.accounts.flatMap((account) => [1, 2, 3, 4, 5].map((n) => putDataset(account, `d${n}`))),
      )
      await waitFor(async () => (await hostOf(index)).waiting >= 10, { what: 'ten records to wait' })
      const host = await hostOf(index)
      expect(host.lagMs).toBeGreaterThan(0)
      expect(host).toMatchObject({ connected: true, caughtUp: false })
      expect((await index.ingest.status()).caughtUp).toBe(false)
    }
    await using index = await startFollowing(network, { sources, catalog })
    await index.agrees(network.accounts)
    await waitFor(async () => (await index.ingest.status()).caughtUp, { what: 'the index to be caught up' })
    expect(await hostOf(index)).toMatchObject({ waiting: 0, caughtUp: true })
    expect((await hostOf(index)).lagMs).toBeLessThan(10_000)
    // A second process, which does not follow the network, reports the same.
    await waitFor(
      async () => [...(await readSourceLags(catalog.db)).values()].some(({ caughtUp }) => caughtUp),
      {
        what: 'the measurement to be in the store',
      },
    )
  })

  test('grows while nothing is measured, also beyond an int', async () => {
    await using catalog = await open()
    await catalog.db.execute(sql`
      INSERT INTO local.setting (name, value) VALUES ('sourceLags',
        jsonb_build_object('at', extract(epoch FROM now()) * 1000 - 3e9, 'hosts', jsonb_build_object('relay',
          '{"connected": true, "lagMs": 5, "waiting": 0, "parked": 0, "caughtUp": true}'::jsonb)))`)
    const lag = (await readSourceLags(catalog.db)).get('relay')
    expect(lag).toMatchObject({ connected: false, caughtUp: false })
    expect(lag?.lagMs).toBeGreaterThan(2_999_999_000)
  })

  test('the time of the last stored event is stored with the cursor', async () => {
    await using network = await startNetwork({ pdsCount: 1, accounts: 1 })
    await using catalog = await open()
    await using index = await startFollowing(network, { sources: [network.relayUrl], catalog })
    await putDataset(network.accounts[0]!, 'first')
    await index.agrees(network.accounts)
    await waitFor(async () => [...(await readCursors(catalog.db)).values()][0]?.eventTime !== undefined, {
      what: 'a cursor with a time',
    })
  })
})
