import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { defs } from '@holdfast/lexicons'
import { collections } from '@holdfast/lexicons/nsid'
import { expect, test } from 'vitest'
import { startOrigin } from '../demo/origin.ts'
import type { TestAccount } from '../network/accounts.ts'
import { freePort } from '../network/free-port.ts'
import { waitFor } from '../network/wait-for.ts'
import { publishTorrent, putRecord } from '../system/publish.ts'
import { needs } from '../system/requirements.ts'
import { scratchDirectory } from '../system/scratch.ts'
import { testStores } from '../system/stores.ts'
import { startSystem } from '../system/system.ts'
import { announce } from '../system/tracker.ts'
import { query } from '../system/xrpc.ts'

const hasOpentracker = needs('a swarm at a tracker that is not ours', 'opentracker')

test.each(testStores())('the index shows the counts of a swarm, on $name', async ({ create }) => {
  await using directory = await scratchDirectory()
  await using store = await create()
  await using system = await startSystem({ directory: directory.path, ...store })
  await using origin = await startOrigin(directory.path)
  const [author, friend] = system.network.accounts as [TestAccount, TestAccount]
  const record = { title: 'Sea ice', sources: [{ url: `${origin.url}/nothing-here` }] }
  const dataset = await putRecord(author, { collection: 'dataset', rkey: 'ice', record })
  const { uri, torrent } = await publishTorrent(author, {
    directory: directory.path,
    datasets: [{ uri: dataset }],
  })
  const look = () => lookAt(system.env.HOLDFAST_APPVIEW_URL, torrent.infoHashV2!)
  const until = (what: string, isSo: (view: defs.TorrentView) => boolean) =>
    waitFor(async () => isSo(await look()), { what, timeoutMs: 30_000 })

  // Nobody has the content yet, which is a known count, not an unknown one.
  await until('a swarm without seeders', ({ swarm }) => swarm?.seeders === 0 && swarm.needsSeeders === true)

  // One client announces at the operator's own tracker.
  await waitFor(async () => (await announce(system.env.HOLDFAST_TRACKERS, torrent.infoHashV1!)) === null, {
    what: 'the tracker to let it in',
  })
  await until('one seeder', ({ swarm }) => swarm?.seeders === 1)

  // A webseed is added and checked against the pieces.
  const url = `${origin.url}/${torrent.name}`
  const subject = { infoHashV1: torrent.infoHashV1!, infoHashV2: torrent.infoHashV2! }
  await putRecord(friend, { collection: 'webseed', rkey: '3kznmn7xqxl22', record: { subject, url } })
  await until('the webseed verified', ({ webseeds }) =>
    Boolean(webseeds?.some((seed) => seed.url === url && seed.status === 'verified' && seed.thirdParty)),
  )

  // The source does not exist; a single failure does not count yet.
  await waitFor(async () => (await sourceStatus(system.env.HOLDFAST_APPVIEW_URL, dataset)) === 'degraded', {
    what: 'the source probed',
    timeoutMs: 30_000,
  })

  if (!hasOpentracker) return
  await using elsewhere = await startOpentracker(directory.path, torrent.infoHashV1!)
  for (const port of [6881, 6882, 6883]) await elsewhere.seed(port)
  await addTracker(author, uri, elsewhere.announceUrl)
  // There are four clients, one of which may be counted twice: the higher tracker's count is the swarm's.
  await until(
    'three seeders, by two trackers',
    ({ swarm }) => swarm?.seeders === 3 && swarm.needsSeeders === false,
  )
  const { trackers } = (await look()).swarm!
  expect(trackers?.map(({ seeders }) => seeders)).toEqual([3, 1])
  expect(trackers?.[0]?.url).toBe(elsewhere.announceUrl)
  const [found] = (
    await query<{ datasets: defs.DatasetView[] }>(system.env.HOLDFAST_APPVIEW_URL, 'searchDatasets', {
      q: 'ice',
    })
  ).datasets
  expect(found?.swarm?.seeders).toBe(3)
})

async function lookAt(baseUrl: string, infoHash: string): Promise<defs.TorrentView> {
  const answer = await query<{ torrents: defs.TorrentView[] }>(baseUrl, 'getTorrent', { infoHash })
  return answer.torrents[0]!
}

async function sourceStatus(baseUrl: string, uri: string): Promise<string | undefined> {
  const { dataset } = await query<{ dataset: defs.DatasetView }>(baseUrl, 'getDataset', { uri })
  return dataset.sourceStatus?.[0]?.status
}

/** The author edits the record: another tracker has the swarm too. */
async function addTracker(author: TestAccount, uri: string, url: string): Promise<void> {
  const rkey = uri.split('/').at(-1)!
  const place = { repo: author.did, collection: collections.torrent, rkey }
  const { data } = await author.agent.com.atproto.repo.getRecord(place)
  const record = { ...data.value, trackers: [{ url, tier: 0 }] }
  await author.agent.com.atproto.repo.putRecord({ ...place, record })
}

/** Debian's opentracker, run by somebody else, with one torrent on its list. */
async function startOpentracker(directory: string, infoHash: string) {
  const port = String(await freePort())
  const list = join(directory, 'opentracker.list')
  await writeFile(list, `${infoHash}\n`)
  // It reads its list as another user.
  await chmod(directory, 0o755)
  const args = ['-i', '127.0.0.1', '-p', port, '-P', port, '-w', list, '-d', '/']
  const child = spawn('opentracker', args, { stdio: 'ignore' })
  const announceUrl = `http://127.0.0.1:${port}/announce`
  await waitFor(() => fetch(`http://127.0.0.1:${port}/scrape`), { what: 'opentracker to listen' })
  return {
    announceUrl,
    async seed(peerPort: number) {
      const escaped = infoHash.replaceAll(/../g, '%$&')
      const peer = `peer_id=-HF0001-00000000${peerPort}&port=${peerPort}&left=0`
      const answer = await fetch(`${announceUrl}?info_hash=${escaped}&${peer}`)
      expect(await answer.text()).toContain('complete')
    },
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL')
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
    },
  }
}
