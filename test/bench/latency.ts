/**
 * Measures the time from the end of `putRecord` on a PDS until the dataset is in `searchDatasets`, and until the
 * torrent can be announced at the tracker with verified metainfo. Everything runs on this machine: PDS, relay, AppView
 * on PGlite, tracker.
 */
import { randomBytes } from 'node:crypto'
import type { TestAccount } from '../network/accounts.ts'
import { waitFor } from '../network/wait-for.ts'
import { publishTorrent, putRecord } from '../system/publish.ts'
import { scratchDirectory } from '../system/scratch.ts'
import { type System, startSystem } from '../system/system.ts'
import { announce } from '../system/tracker.ts'
import { query } from '../system/xrpc.ts'
import type { Bench } from './main.ts'

export const run: Bench = async ({ quick, log }) => {
  const count = quick ? 10 : 100
  await using stack = new AsyncDisposableStack()
  const directory = stack.use(await scratchDirectory()).path
  const system = stack.use(await startSystem({ directory }))
  const account = system.network.accounts[0]!

  const datasets: number[] = []
  for (let i = 0; i < count; i++) datasets.push(await timeDataset(system, account, `latency-${i}`))
  log(`${count} datasets through PDS, relay, AppView on PGlite and search`)
  const torrents: number[] = []
  for (let i = 0; i < count; i++) torrents.push(await timeTorrent(system, account, directory))
  log(`${count} torrents to the tracker's allow-list, metainfo fetched and verified`)

  return {
    figures: {
      datasetP50Ms: quantile(datasets, 0.5),
      datasetP95Ms: quantile(datasets, 0.95),
      torrentP50Ms: quantile(torrents, 0.5),
      torrentP95Ms: quantile(torrents, 0.95),
    },
    ratios: {},
  }
}

async function timeDataset(system: System, account: TestAccount, rkey: string): Promise<number> {
  const word = `w${randomBytes(8).toString('hex')}`
  await putRecord(account, { collection: 'dataset', rkey, record: { title: `Latency ${word}` } })
  const start = performance.now()
  await waitFor(
    async () =>
      (await query<{ datasets: unknown[] }>(system.appView.url, 'searchDatasets', { q: word })).datasets
        .length > 0,
    { what: 'the dataset in the search', intervalMs: 1 },
  )
  return performance.now() - start
}

async function timeTorrent(system: System, account: TestAccount, directory: string): Promise<number> {
  const { torrent } = await publishTorrent(account, { directory })
  const start = performance.now()
  await waitFor(async () => (await announce(system.env.HOLDFAST_TRACKERS, torrent.infoHashV1!)) === null, {
    what: 'the torrent to be announceable',
    intervalMs: 1,
  })
  return performance.now() - start
}

function quantile(values: readonly number[], q: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return Number(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))]!.toFixed(1))
}
