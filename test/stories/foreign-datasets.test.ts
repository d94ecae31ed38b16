/** Tests datasets that others published for another catalog, in that catalog's own lexicon. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { getDataset, getRecordStatus, searchDatasets } from '@holdfast/lexicons'
import { foreignCollections } from '@holdfast/lexicons/foreign'
import { expect, test } from 'vitest'
import { listen } from '../appview/listener.ts'
import { startPerson } from '../cli/run-holdfast.ts'
import type { TestAccount } from '../network/accounts.ts'
import { waitFor } from '../network/wait-for.ts'
import { scratchDirectory } from '../system/scratch.ts'
import { startSystem } from '../system/system.ts'
import { query } from '../system/xrpc.ts'

const collection = foreignCollections.atdataEntry
const shard = 'https://data.example.org/glaciers-000.tar'
const entry = {
  $type: collection,
  name: 'Glacier photographs',
  schemaRef: 'at://did:plc:aaaaaaaaaaaaaaaaaaaaaaaa/com.example.schema/photo@1.0.0',
  storage: {
    $type: 'com.example.storageHttp',
    shards: [{ url: shard, checksum: { algorithm: 'sha256', digest: 'ab'.repeat(32) } }],
  },
  description: 'Every glacier, every day.',
  tags: ['cryosphere'],
  size: { samples: 50_000, bytes: 1_073_741_824, shards: 1 },
  license: 'CC-BY-4.0',
  createdAt: '2026-02-01T12:00:00Z',
}

test('somebody finds a dataset of another catalog and publishes a torrent for it', async () => {
  await using directory = await scratchDirectory()
  await using system = await startSystem({ accounts: 3, directory: directory.path })
  const [author, archivist, other] = system.network.accounts as [TestAccount, TestAccount, TestAccount]
  const { url } = system.appView
  const put = async (account: TestAccount, rkey: string, record: Record<string, unknown>) =>
    (
      await account.agent.com.atproto.repo.putRecord({
        repo: account.did,
        collection,
        rkey,
        record,
        validate: false,
      })
    ).data.uri
  const find = (q: string) => query<searchDatasets.$OutputBody>(url, 'searchDatasets', { q })
  const get = (uri: string) => query<getDataset.$OutputBody>(url, 'getDataset', { uri })
  const status = (uri: string) => query<getRecordStatus.$OutputBody>(url, 'getRecordStatus', { uri })
  const text = async (path: string) => (await fetch(`${url}${path}`)).text()
  await using stream = await listen(url, 'subscribeRecords')

  const uri = await put(author, '3lglaciers222', entry)
  await waitFor(async () => (await find('glacier')).datasets.length === 1, { what: 'the entry to be found' })
  const [found] = (await find('cryosphere photographs')).datasets
  expect(found).toMatchObject({
    uri,
    record: { $type: collection, name: entry.name, tags: entry.tags },
    mapped: {
      title: entry.name,
      keywords: [{ name: 'cryosphere' }],
      license: { spdx: 'CC-BY-4.0' },
      sources: [{ url: shard }],
    },
  })
  await stream.came(2)
  expect(stream.messages[1]?.body).toMatchObject({
    uri,
    record: { $type: collection },
    mapped: { title: entry.name },
  })

  const file = join(directory.path, 'glaciers.tar')
  await writeFile(file, 'photographs')
  await using person = await startPerson(system.network, {
    account: archivist,
    env: { HOLDFAST_APPVIEW_URL: url },
  })
  await person.json('publish', file, '--for', uri, '--json')
  await waitFor(async () => (await get(uri)).torrents[0]?.metainfoStatus === 'verified', {
    what: 'the torrent',
  })
  expect((await get(uri)).dataset.counts).toMatchObject({ torrents: 1, verifiedTorrents: 1 })
  expect((await person.run('show', uri)).stdout).toContain('Glacier photographs')

  const page = await text(`/dataset/${author.did}/${collection}/3lglaciers222`)
  expect(page).toContain('Glacier photographs')
  expect(page).toContain(`<code>${collection}</code>`)
  expect(await text('/search?q=glacier')).toContain(`/dataset/${author.did}/${collection}/3lglaciers222`)
  expect(await text('/feeds/datasets.rss')).toContain('<title>Glacier photographs</title>')
  expect(await text(`/feeds/dataset/${author.did}/${collection}/3lglaciers222.rss`)).toContain('glaciers.tar')

  const broken = await put(other, '3lbroken22222', { ...entry, name: 7 })
  await waitFor(async () => (await status(broken)).status === 'rejected', {
    what: 'the broken one to be refused',
  })
  expect(await status(broken)).toMatchObject({
    reason: 'invalid-lexicon',
    message: expect.stringContaining('name'),
  })

  await put(author, '3lglaciers222', { ...entry, name: 'Photographs of icebergs' })
  await waitFor(async () => (await get(uri)).dataset.mapped?.title === 'Photographs of icebergs', {
    what: 'the change',
  })
  expect((await find('icebergs')).datasets).toHaveLength(1)
  await author.agent.com.atproto.repo.deleteRecord({ repo: author.did, collection, rkey: '3lglaciers222' })
  await waitFor(async () => (await find('icebergs')).datasets.length === 0, { what: 'the deletion' })
})
