import { fileURLToPath } from 'node:url'
import { isDeepStrictEqual } from 'node:util'
import { createScratchDatabase } from '@holdfast/appview/testing/backends'
import { expect, test } from 'vitest'
import { startFlakyProxy } from '../chaos/flaky-proxy.ts'
import { startNetwork } from '../network/network.ts'
import { waitFor } from '../network/wait-for.ts'
import { environmentFor } from '../system/environment.ts'
import { answering, startProgram } from '../system/program.ts'
import { publishTorrent, putRecord } from '../system/publish.ts'
import { databaseUrl, needs } from '../system/requirements.ts'
import { scratchDirectory } from '../system/scratch.ts'
import { announce } from '../system/tracker.ts'
import { query } from '../system/xrpc.ts'

const path = (name: string) => fileURLToPath(new URL(`../../${name}`, import.meta.url))
// The embedded store cannot fail separately from the program.
const hasServer = needs('a database that goes away', 'PostgreSQL')

test.skipIf(!hasServer)('everything pauses while the database is away and then resumes', async () => {
  await using network = await startNetwork()
  await using directory = await scratchDirectory()
  await using store = await createScratchDatabase(databaseUrl())
  const database = new URL(store.url)
  await using proxy = await startFlakyProxy({
    host: database.hostname,
    port: Number(database.port || 5432),
  })
  database.hostname = '127.0.0.1'
  database.port = String(proxy.port)
  const env = await environmentFor(network, {
    sources: [network.relayUrl],
    directory: directory.path,
    databaseUrl: database.href,
  })
  await using appView = startProgram(path('appview/bin/holdfast-appview.mjs'), { args: ['serve'], env })
  await answering(appView, `${env.HOLDFAST_APPVIEW_URL}/health`)
  await using tracker = startProgram(path('tracker/bin/holdfast-tracker.mjs'), { env })
  const account = network.accounts[0]!
  const listed = async () => {
    const { datasets } = await query<{ datasets: { uri: string }[] }>(
      env.HOLDFAST_APPVIEW_URL,
      'listDatasets',
      { author: account.did },
    )
    return datasets.map(({ uri }) => uri.split('/').at(-1)).sort()
  }
  const put = (rkey: string) => putRecord(account, { collection: 'dataset', rkey, record: { title: rkey } })

  const expected: string[] = []
  for (const round of ['first', 'second', 'third']) {
    await put(`${round}-before`)
    expected.push(`${round}-before`)
    await waitFor(async () => isDeepStrictEqual(await listed(), expected.toSorted()), {
      what: `what was written before the ${round} outage`,
    })
    await proxy.down()
    await put(`${round}-during`)
    expected.push(`${round}-during`)
    const { torrent } = await publishTorrent(account, { directory: directory.path })
    await waitFor(async () => (await health(env.HOLDFAST_APPVIEW_URL)) === 503, {
      what: 'the index to say that it is not well',
    })
    expect(appView.process.exitCode, appView.output()).toBeNull()
    await proxy.up()
    await waitFor(async () => isDeepStrictEqual(await listed(), expected.toSorted()), {
      what: `what was written during the ${round} outage`,
    })
    await waitFor(async () => (await announce(env.HOLDFAST_TRACKERS, torrent.infoHashV1!)) === null, {
      what: 'the torrent at the tracker',
    })
    await waitFor(async () => (await health(env.HOLDFAST_APPVIEW_URL)) === 200, {
      what: 'the index to say that it is well',
    })
  }
  expect(appView.process.exitCode, appView.output()).toBeNull()
  expect(tracker.process.exitCode, tracker.output()).toBeNull()
})

async function health(url: string): Promise<number> {
  return (await fetch(`${url}/health`)).status
}
