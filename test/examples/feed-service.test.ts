import { fileURLToPath } from 'node:url'
import { writeSwarmCounts } from '@holdfast/appview/catalog/swarms/counts'
import { startNewEpochs } from '@holdfast/appview/store/stream-epochs'
import { openEmbedded } from '@holdfast/appview/testing/backends'
import { expect, test } from 'vitest'
import { startIndex, uriOf } from '../appview/index-under-test.ts'
import { sampleTorrent } from '../appview/sample-torrent.ts'
import { waitFor } from '../network/wait-for.ts'
import { startProgram } from '../system/program.ts'

const alice = 'did:plc:aaaaaaaaaaaaaaaaaaaaaaaa'
const torrent = sampleTorrent('sea-ice', ['extent.csv'])
const record = { keywords: [{ name: 'Climate' }], risk: { level: 'endangered' } }

test('the example service keeps a feed of endangered climate data with few seeders', async () => {
  await using index = await startIndex({ open: openEmbedded })
  const put = (rkey: string, change: object = {}) =>
    index.write(alice, [{ put: 'dataset', rkey, record: { title: rkey, ...record, ...change } }])
  const seeded = (seeders: number) =>
    writeSwarmCounts(index.catalog.db, {
      tracker: 'http://tracker.example.org/announce',
      at: new Date(),
      counts: [{ infoHash: torrent.infoHashV1, seeders, leechers: 0, completed: null }],
    })
  await put('before')
  await put('calm', { risk: { level: 'unknown' } })
  const entry = fileURLToPath(new URL('feed-service.ts', import.meta.url))
  await using service = startProgram(entry, { args: [index.url], env: {} })
  const url = await waitFor(() => /^http:\S+$/m.exec(service.output())?.[0], {
    what: 'the service to listen',
  })
  const feed = async () => {
    const { datasets } = (await (await fetch(url)).json()) as { datasets: { uri: string; seeders: number }[] }
    return datasets.map(({ uri, seeders }) => `${uri.split('/').at(-1)} ${seeders}`).sort()
  }
  const becomes = async (...expected: string[]) => {
    await waitFor(async () => JSON.stringify(await feed()) === JSON.stringify(expected), {
      what: `the feed to be ${expected.join(', ')}`,
    }).catch(async (cause) => expect(await feed(), `${cause} ${service.output()}`).toEqual(expected))
  }

  await becomes('before 0')
  await put('ice')
  await put('rock', { keywords: [{ name: 'geology' }] })
  await becomes('before 0', 'ice 0')

  const datasets = [{ uri: uriOf(alice, 'dataset', 'ice') }]
  await index.write(alice, [{ put: 'torrent', rkey: 'ice', record: { ...torrent.record, datasets } }])
  await index.verify(new Map([[torrent.blobCid, torrent.bytes]]))
  await seeded(3)
  await becomes('before 0')
  await seeded(2)
  await becomes('before 0', 'ice 2')

  await put('before', { keywords: [{ name: 'weather' }] })
  await becomes('ice 2')
  await index.apply({ accounts: [{ did: alice, active: false, status: 'takendown' }] })
  await becomes()
  await index.apply({ accounts: [{ did: alice, active: true }] })
  await becomes('ice 2')

  await startNewEpochs(index.catalog.db)
  await put('later')
  await becomes('ice 2', 'later 0')
  expect(service.output()).not.toMatch(/rror/)
})
