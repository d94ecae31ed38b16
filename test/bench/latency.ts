/**
 * Measures the time from the end of `putRecord` on a PDS until the dataset is in `searchDatasets`, and until the
 * torrent can be announced at the tracker with verified metainfo. Everything runs on this machine: PDS, relay and tracker in
 * this process, the AppView on PGlite in its own. In between, on a second network, the same is measured for the least that an index can be: the reader of
 * `@atproto/sync`, a bare INSERT, and a SELECT by key.
 */
import { randomBytes } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { loadConfig } from '@holdfast/tracker/config'
import { startTracker } from '@holdfast/tracker/main'
import type { TestAccount } from '../network/accounts.ts'
import { startNetwork } from '../network/network.ts'
import { waitFor } from '../network/wait-for.ts'
import { answering, startProgram } from '../system/program.ts'
import { publishTorrent, putRecord } from '../system/publish.ts'
import { prepareSystem } from '../system/system.ts'
import { announce } from '../system/tracker.ts'
import { query } from '../system/xrpc.ts'
import { type Reference, startReference } from './latency/reference.ts'
import { type Stages, watchStages } from './latency/stages.ts'
import type { Bench } from './main.ts'

const entry = fileURLToPath(new URL('../../appview/bin/holdfast-appview.mjs', import.meta.url))

/**
 * How often either side is asked whether it has the record. Without a pause, the questions are most of the work that the index
 * does, and what is measured is how long ingest takes beside them: a search costs more than the reference's SELECT.
 */
const pollMs = 5

export const run: Bench = async ({ quick, log }) => {
  const count = quick ? 10 : 100
  await using stack = new AsyncDisposableStack()
  const { network, directory, env } = stack.use(
    await prepareSystem({ create: async () => ({ [Symbol.asyncDispose]: async () => {} }) }),
  )
  const appViewUrl = env.HOLDFAST_APPVIEW_URL
  const program = stack.use(startProgram(entry, { args: ['serve'], env }))
  await answering(program, `${appViewUrl}/health`)
  stack.use(await startTracker(loadConfig(env)))
  const account = network.accounts[0]!
  const other = stack.use(await startNetwork())
  const reference = stack.use(await startReference(other))

  const datasets: number[] = []
  const stages: DatasetStages[] = []
  const references: number[] = []
  {
    await using watched = await watchStages({ relay: network.relayUrl, appView: appViewUrl })
    for (let i = 0; i < count; i++) {
      const timed = await timeDataset(appViewUrl, watched, { account, rkey: `latency-${i}` })
      datasets.push(timed.totalMs)
      stages.push(timed)
      references.push(await timeReference(reference, other.accounts[0]!, `latency-${i}`))
    }
    log(`${count} datasets through PDS, relay, AppView on PGlite and search, and as many by the reference`)
    log(`the store took ${(await watched.storeMs()).toFixed(1)} ms a batch on average`)
  }
  const torrents: number[] = []
  for (let i = 0; i < count; i++) torrents.push(await timeTorrent(env.HOLDFAST_TRACKERS, account, directory))
  log(`${count} torrents to the tracker's allow-list, metainfo fetched and verified`)

  const ofStage = (name: keyof DatasetStages) =>
    quantile(
      stages.map((timed) => timed[name]),
      0.5,
    )
  const [datasetP50Ms, referenceP50Ms] = [quantile(datasets, 0.5), quantile(references, 0.5)]
  return {
    figures: {
      datasetP50Ms,
      datasetP95Ms: quantile(datasets, 0.95),
      relayP50Ms: ofStage('relayMs'),
      storedP50Ms: ofStage('storedMs'),
      searchP50Ms: ofStage('searchMs'),
      referenceP50Ms,
      referenceP95Ms: quantile(references, 0.95),
      torrentP50Ms: quantile(torrents, 0.5),
      torrentP95Ms: quantile(torrents, 0.95),
    },
    ratios: { datasetVsReference: Number((referenceP50Ms / datasetP50Ms).toFixed(2)) },
  }
}

/** Times in milliseconds. */
interface DatasetStages {
  totalMs: number
  /** From the end of `putRecord` until the relay sent its commit; negative if that was earlier. */
  relayMs: number
  /** From there until the AppView's live stream told of it: received, verified, stored. */
  storedMs: number
  /** From there until a search found it. */
  searchMs: number
}

async function timeDataset(
  appViewUrl: string,
  watched: Stages,
  { account, rkey }: { account: TestAccount; rkey: string },
): Promise<DatasetStages> {
  const word = `w${randomBytes(8).toString('hex')}`
  const uri = await putRecord(account, {
    collection: 'dataset',
    rkey,
    record: { title: `Latency ${word}` },
  })
  const start = performance.now()
  await waitFor(
    async () =>
      (await query<{ datasets: unknown[] }>(appViewUrl, 'searchDatasets', { q: word })).datasets.length > 0,
    { what: 'the dataset in the search', intervalMs: pollMs },
  )
  const end = performance.now()
  const { relayedAt, toldAt } = await watched.of(uri)
  return {
    totalMs: end - start,
    relayMs: relayedAt - start,
    storedMs: toldAt - relayedAt,
    searchMs: end - toldAt,
  }
}

async function timeReference(reference: Reference, account: TestAccount, rkey: string): Promise<number> {
  const record = { title: `Latency ${randomBytes(8).toString('hex')}` }
  const uri = await putRecord(account, { collection: 'dataset', rkey, record })
  const start = performance.now()
  await waitFor(() => reference.has(uri), { what: 'the record at the reference', intervalMs: pollMs })
  return performance.now() - start
}

async function timeTorrent(trackers: string, account: TestAccount, directory: string): Promise<number> {
  const { torrent } = await publishTorrent(account, { directory })
  const start = performance.now()
  await waitFor(async () => (await announce(trackers, torrent.infoHashV1!)) === null, {
    what: 'the torrent to be announceable',
    intervalMs: 1,
  })
  return performance.now() - start
}

function quantile(values: readonly number[], q: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return Number(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))]!.toFixed(1))
}
