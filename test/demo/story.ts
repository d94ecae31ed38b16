/**
 * The main use of Holdfast, shown once with real parts: a librarian publishes a dataset and its torrent in her own
 * repo, the AppView indexes them from the firehose, a volunteer adds a webseed, anyone finds it, and two BitTorrent
 * clients transfer the files through the tracker, which allows exactly what is indexed.
 */
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { loadConfig as loadAppViewConfig } from '@holdfast/appview/config'
import { datasetPath } from '@holdfast/appview/http/page-paths'
import { startAppView } from '@holdfast/appview/main'
import { loadConfig as loadTrackerConfig } from '@holdfast/tracker/config'
import { startTracker } from '@holdfast/tracker/main'
import { startNetwork } from '../network/network.ts'
import { waitFor } from '../network/wait-for.ts'
import { accountEnvironment, type Environment, environmentFor } from '../system/environment.ts'
import { announce, scrapeSeeders } from '../system/tracker.ts'
import { query } from '../system/xrpc.ts'
import { clientName, hashTree, startClient } from './clients.ts'
import { holdfast } from './command.ts'
import { layOutDataset } from './dataset.ts'
import { startOrigin } from './origin.ts'
import type { StepRunner } from './steps.ts'

export interface Demo extends AsyncDisposable {
  appViewUrl: string
  trackerUrl: string
  datasetUri: string
  datasetUrl: string
  magnet: string
}

interface Published {
  dataset: { uri: string; cid: string }
  torrents: { uri: string; infoHashV1: string; magnet: string }[]
}

/** Runs the story; what it started keeps running until it is disposed of. Rejects with a StepError. */
export async function runStory({ step }: StepRunner, store: { databaseUrl?: string } = {}): Promise<Demo> {
  await using stack = new AsyncDisposableStack()
  const directory = await mkdtemp(join(tmpdir(), 'holdfast-demo-'))
  stack.defer(() => rm(directory, { recursive: true, force: true }))

  const network = stack.use(
    await step(
      'Start a network of our own: two servers that keep people’s records, and a relay between them',
      () => startNetwork({ accounts: ['kelp-library', 'tide-volunteer'] }),
    ),
  )
  const env = await environmentFor(network, { sources: [network.relayUrl], directory, ...store })
  const appView = stack.use(
    await step(
      `Start an index that follows the network (${store.databaseUrl ? 'PostgreSQL' : 'PGlite'})`,
      () => startAppView(loadAppViewConfig(env)),
    ),
  )
  stack.use(
    await step('Start a tracker, which serves what the index lists and nothing else', () =>
      startTracker(loadTrackerConfig(env)),
    ),
  )

  const dataset = await layOutDataset(join(directory, 'librarian'))
  const torrentFile = join(directory, 'us-atlas.torrent')
  const published = await step(
    'A librarian publishes a dataset and its torrent from her own account',
    () =>
      holdfast<Published>(
        ['publish', dataset.root, '--v1', '--dataset', dataset.metadataFile, '--output', torrentFile],
        accountEnvironment(network, 0, env),
      ),
    (result) => result.dataset.uri,
  )
  const torrent = published.torrents[0]
  if (!torrent) throw new Error('publish returned no torrent')

  await step('Anyone finds it by searching the index', () => findBySearch(published, env))
  await step('The index fetches the .torrent and checks it against the record', () =>
    waitVerified(appView.url, torrent.uri),
  )
  await step(
    'The tracker refuses a torrent that nobody has published',
    () => refuseStranger(env),
    (reason) => reason,
  )

  const mirror = stack.use(await startOrigin(dirname(dataset.root)))
  await step('A volunteer adds a web server that has the same files', () =>
    holdfast(['webseed', 'add', torrent.infoHashV1, `${mirror.url}/`], accountEnvironment(network, 1, env)),
  )
  const seeded = () => scrapeSeeders(env.HOLDFAST_TRACKERS, torrent.infoHashV1)
  await step(
    `One BitTorrent client (${clientName}) fetches the files from another, which it met at the tracker`,
    () => transfer({ torrentFile, root: dataset.root, directory, announced: seeded }),
    (count) => `${count} files, each the same to the byte`,
  )
  await step('The index tells how many have the files', () => waitSwarm(appView.url, torrent.infoHashV1))

  const resources = stack.move()
  return {
    appViewUrl: appView.url,
    trackerUrl: env.HOLDFAST_TRACKERS.split(',')[0] ?? '',
    datasetUri: published.dataset.uri,
    datasetUrl: `${appView.url}${datasetPath(published.dataset.uri)}`,
    magnet: torrent.magnet,
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  }
}

async function findBySearch(published: Published, env: Environment): Promise<void> {
  await waitFor(
    async () => {
      const found = await holdfast<{ datasets: { uri: string }[] }>(['search', 'county boundaries'], env)
      return found.datasets.some((dataset) => dataset.uri === published.dataset.uri)
    },
    { what: 'the dataset in the search results', timeoutMs: 15_000 },
  )
}

async function waitVerified(appViewUrl: string, uri: string): Promise<void> {
  await waitFor(async () => (await getTorrent(appViewUrl, uri)).metainfoStatus === 'verified', {
    what: 'the verified metainfo',
    timeoutMs: 15_000,
  })
}

async function waitSwarm(appViewUrl: string, infoHash: string): Promise<void> {
  await waitFor(async () => ((await getTorrent(appViewUrl, infoHash)).swarm?.seeders ?? 0) > 0, {
    what: 'a seeder in the index',
    timeoutMs: 30_000,
  })
}

interface TorrentAnswer {
  metainfoStatus?: string
  swarm?: { seeders?: number }
}

/** Queries by AT-URI or by infohash, as a third-party client would. */
async function getTorrent(appViewUrl: string, name: string): Promise<TorrentAnswer> {
  const params = name.startsWith('at://') ? { uri: name } : { infoHash: name }
  return (await query<{ torrents: TorrentAnswer[] }>(appViewUrl, 'getTorrent', params)).torrents[0] ?? {}
}

async function refuseStranger(env: Environment): Promise<string> {
  const reason = await announce(env.HOLDFAST_TRACKERS, 'ff'.repeat(20))
  if (reason === null) throw new Error('the tracker let it in')
  return reason
}

interface Transfer {
  torrentFile: string
  root: string
  directory: string
  /** The number of seeders that the tracker counts. */
  announced: () => Promise<number>
}

async function transfer({ torrentFile, root, directory, announced }: Transfer): Promise<number> {
  const target = join(directory, 'reader')
  await mkdir(target, { recursive: true })
  await using seeder = startClient({ torrentFile, directory: dirname(root), role: 'seed' })
  await waitFor(announced, { what: 'the seeder to announce itself', timeoutMs: 30_000 })
  await using reader = startClient({ torrentFile, directory: target, role: 'download' })
  const seederFailed = seeder.done.then(() => Promise.reject(new Error('the seeder ended early')))
  await Promise.race([within(60_000, reader.done), seederFailed])
  const [original, copy] = [await hashTree(root), await hashTree(join(target, basename(root)))]
  if (JSON.stringify(original) !== JSON.stringify(copy)) throw new Error('the copy differs from the original')
  return Object.keys(copy).length
}

async function within(ms: number, work: Promise<void>): Promise<void> {
  const late = AbortSignal.timeout(ms)
  const expired = new Promise<never>((_, reject) => {
    late.addEventListener('abort', () =>
      reject(new Error(`the download was not complete after ${ms / 1000} s`)),
    )
  })
  await Promise.race([work, expired])
}
