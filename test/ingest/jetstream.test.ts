import { readCursors } from '@holdfast/appview/catalog/cursors'
import { loadConfig } from '@holdfast/appview/config'
import { rebuild } from '@holdfast/appview/rebuild'
import { openEmbedded } from '@holdfast/appview/testing/backends'
import { sql } from 'drizzle-orm'
import { pino } from 'pino'
import { expect, test } from 'vitest'
import { startJetstream } from '../network/jetstream.ts'
import { startNetwork } from '../network/network.ts'
import { waitFor } from '../network/wait-for.ts'
import { environmentFor } from '../system/environment.ts'
import { scratchDirectory } from '../system/scratch.ts'
import { deleteDataset, type Following, putDataset, putOther, startFollowing } from './following.ts'

const hourUs = 3_600_000_000

test('records that are older than the hints are found by a relay’s listing', async () => {
  await using network = await startNetwork({ pdsCount: 1, accounts: 2 })
  const [older, newer] = network.accounts
  await putDataset(older!, 'before')
  await network.caughtUp()
  await using jetstream = await startJetstream(network)
  await jetstream.forget('before')
  await using index = await startFollowing(network, { hints: [jetstream.url], backfill: [network.relayUrl] })
  await putDataset(newer!, 'after')
  await index.agrees(network.accounts)
  await waitFor(async () => (await index.ingest.status()).caughtUp, { what: 'the listing to end' })
  const { hosts, listings } = await index.ingest.status()
  expect(hosts).toMatchObject([{ kind: 'jetstream', backfill: { state: 'none' } }])
  expect(listings).toMatchObject([{ host: new URL(network.relayUrl).host, backfill: { state: 'done' } }])
})

test('an account first heard of by a hint has its older records found, too', async () => {
  await using network = await startNetwork({ pdsCount: 1, accounts: 1 })
  const [account] = network.accounts
  await putDataset(account!, 'before')
  await using jetstream = await startJetstream(network)
  await jetstream.forget('before')
  await using index = await startFollowing(network, { hints: [jetstream.url], backfill: [] })
  await putDataset(account!, 'after')
  await waitFor(async () => (await index.records()).length === 1, { what: 'the hint to be proved' })
  await index.ingest.reconcile()
  await index.agrees(network.accounts)
})

test('after a day away the listing is read again, since hints may be gone', async () => {
  await using network = await startNetwork({ pdsCount: 1, accounts: 2 })
  const [kept, late] = network.accounts
  await using jetstream = await startJetstream(network)
  const options = { hints: [jetstream.url], backfill: [network.relayUrl] }
  await using catalog = await openEmbedded()
  const cursor = async () => (await readCursors(catalog.db)).get(new URL(jetstream.url).host)?.seq ?? 0
  {
    await using index = await startFollowing(network, { ...options, catalog })
    await putDataset(kept!, 'a')
    await putDataset(kept!, 'b')
    await index.agrees(network.accounts)
    await waitFor(async () => (await cursor()) > 0 && isListed(index), { what: 'a cursor and a listing' })
  }
  await deleteDataset(kept!, 'a')
  await putDataset(late!, 'c')
  await network.caughtUp()
  await jetstream.forget('c')
  const yesterday = Date.now() * 1_000 - 24 * hourUs
  await catalog.db.execute(sql`UPDATE catalog.source_cursor SET seq = ${yesterday}`)
  await using index = await startFollowing(network, { ...options, catalog })
  await index.agrees(network.accounts)
  expect(jetstream.cursors.at(-1)).toBeLessThanOrEqual(yesterday)
})

test('after a short time away only the hints since then are read', async () => {
  await using network = await startNetwork({ pdsCount: 1, accounts: 1 })
  const [account] = network.accounts
  await using jetstream = await startJetstream(network)
  await using catalog = await openEmbedded()
  const options = { hints: [jetstream.url], backfill: [], catalog }
  {
    await using index = await startFollowing(network, options)
    await putDataset(account!, 'a')
    await index.agrees(network.accounts)
  }
  await putDataset(account!, 'b')
  await using index = await startFollowing(network, options)
  await index.agrees(network.accounts)
})

test('a repository whose records are as known is not read whole because it changed', async () => {
  await using network = await startNetwork({ pdsCount: 1, accounts: 1 })
  const [account] = network.accounts
  await using jetstream = await startJetstream(network)
  await using index = await startFollowing(network, { hints: [jetstream.url], backfill: [network.relayUrl] })
  await putDataset(account!, 'a')
  await index.agrees(network.accounts)
  await waitFor(() => isListed(index), { what: 'the listing to end' })
  await putOther(account!, 'note')
  const { done } = index.ingest.metrics.resyncs
  await index.ingest.reconcile()
  expect(index.ingest.metrics.resyncs).toMatchObject({ asked: 0, done })
})

test('a relay that cannot list by collection is not listed whole unless it is followed', async () => {
  await using network = await startNetwork({
    pdsCount: 1,
    accounts: 1,
    relayOptions: { listsByCollection: false },
  })
  await using jetstream = await startJetstream(network)
  await putDataset(network.accounts[0]!, 'a')
  await network.caughtUp()
  await using hinted = await startFollowing(network, { hints: [jetstream.url], backfill: [network.relayUrl] })
  await using followed = await startFollowing(network, { sources: [network.relayUrl] })
  await waitFor(() => isListed(followed), { what: 'the followed relay to be listed whole' })
  await waitFor(() => hinted.ingest.status().then(({ hosts }) => hosts[0]?.connected), { what: 'hints' })
  expect((await hinted.ingest.status()).listings).toMatchObject([{ backfill: { state: 'none' } }])
})

test('a rebuild gathers what a relay lists, where only hints are followed', async () => {
  await using network = await startNetwork({ pdsCount: 1, accounts: 2 })
  for (const account of network.accounts) await putDataset(account, 'a')
  await network.caughtUp()
  await using jetstream = await startJetstream(network)
  await using directory = await scratchDirectory()
  const sources = [`jetstream+${jetstream.url}`]
  const env = await environmentFor(network, { sources, directory: directory.path })
  const config = loadConfig({ ...env, HOLDFAST_BACKFILL: network.relayUrl })
  const progress = await rebuild(config, {
    signal: AbortSignal.timeout(50_000),
    log: pino({ level: 'silent' }),
  })
  expect(progress).toMatchObject({ hosts: 1, listed: 1, datasets: 2 })
})

async function isListed({ ingest }: Following): Promise<boolean> {
  return (await ingest.status()).listings.every(({ backfill }) => backfill.state === 'done')
}
