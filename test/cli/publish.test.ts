import { createHash } from 'node:crypto'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { collections } from '@holdfast/lexicons/nsid'
import { parseMetainfo } from '@holdfast/torrent/metainfo'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { TestAccount } from '../network/accounts.ts'
import { type Network, startNetwork } from '../network/network.ts'
import { startFileServer } from './file-server.ts'
import { bin, type Json, type Person, startPerson } from './run-holdfast.ts'

let network: Network
beforeAll(async () => {
  network = await startNetwork({ pdsCount: 1, accounts: 8, relay: false })
})
afterAll(() => network?.[Symbol.asyncDispose]())

const meta = {
  title: 'Water levels of the Rhine',
  description: 'Daily means from 1820 on.',
  homepage: 'https://example.org/rhine',
  license: { spdx: 'CC0-1.0' },
  identifiers: [{ scheme: 'doi', value: 'https://doi.org/10.1234/Rhine' }],
}

async function withFiles(person: Person, files: Record<string, string>) {
  for (const [path, text] of Object.entries(files)) {
    await mkdir(join(person.home, path, '..'), { recursive: true })
    await writeFile(join(person.home, path), text)
  }
}

const recordOf = async (account: TestAccount, uri: string): Promise<Json> => {
  const [repo, collection, rkey] = uri.slice('at://'.length).split('/') as [string, string, string]
  const { data } = await account.agent.com.atproto.repo.getRecord({ repo, collection, rkey })
  return data
}
const revOf = async ({ agent, did }: TestAccount) =>
  (await agent.com.atproto.sync.getLatestCommit({ did })).data.rev

test('publishes a dataset and its torrent once, however often it is run', async () => {
  const account = network.accounts[0]!
  await using person = await startPerson(network, { account })
  await withFiles(person, {
    'meta.json': JSON.stringify(meta),
    'levels/1820.csv': 'day,cm\n1,312\n',
    'levels/deep/1821.csv': 'day,cm\n1,299\n',
  })

  const published = await person.json(
    'publish',
    'levels',
    '--dataset',
    'meta.json',
    '--tracker',
    'http://t.example/announce',
  )
  expect(published.dataset.uri).toBe(`at://${account.did}/${collections.dataset}/10.1234-rhine`)
  const [torrent] = published.torrents
  expect(torrent).toMatchObject({ action: 'created', infoHashV1: expect.stringMatching(/^[0-9a-f]{40}$/) })
  expect(torrent.uri).toBe(`at://${account.did}/${collections.torrent}/${torrent.infoHashV2}`)
  expect(torrent.magnet).toContain(`xt=urn:btih:${torrent.infoHashV1}&xt=urn:btmh:1220${torrent.infoHashV2}`)

  const { value: dataset, cid } = await recordOf(account, published.dataset.uri)
  expect(dataset).toMatchObject({ $type: collections.dataset, ...meta })
  expect(cid).toBe(published.dataset.cid)
  const { value: record } = await recordOf(account, torrent.uri)
  expect(record).toMatchObject({
    $type: collections.torrent,
    datasets: [published.dataset].map(({ uri, cid }) => ({ uri, cid })),
    name: 'levels',
    fileCount: 2,
    sizeBytes: 26,
    trackers: [{ url: 'http://t.example/announce', tier: 0 }],
  })
  const blob = await account.agent.com.atproto.sync.getBlob({
    did: account.did,
    cid: record.metainfo.ref.toString(),
  })
  const metainfo = parseMetainfo(blob.data)
  expect([metainfo.infoHashV1, metainfo.infoHashV2]).toEqual([torrent.infoHashV1, torrent.infoHashV2])
  expect(Buffer.compare(await readFile(join(person.home, 'levels.torrent')), blob.data)).toBe(0)

  const rev = await revOf(account)
  const again = await person.json(
    'publish',
    'levels',
    '--dataset',
    'meta.json',
    '--tracker',
    'http://t.example/announce',
  )
  expect([again.dataset, ...again.torrents].map(({ action }) => action)).toEqual(['unchanged', 'unchanged'])
  expect(await revOf(account)).toBe(rev)

  // No AppView answers here; the trackers in the record are kept all the same.
  const unasked = await person.json('publish', 'levels', '--dataset', 'meta.json')
  expect(unasked.torrents[0]).toMatchObject({ action: 'unchanged', magnet: torrent.magnet })
  expect(await revOf(account)).toBe(rev)
})

test('changed files become a new torrent that supersedes the old one', async () => {
  const account = network.accounts[1]!
  await using person = await startPerson(network, { account })
  await withFiles(person, { 'meta.yaml': 'title: Sea ice\nrkey: sea-ice\n', 'ice/a.csv': 'one' })
  const first = await person.json(
    'publish',
    'ice',
    '--dataset',
    'meta.yaml',
    '--tracker',
    'http://t.example/announce',
  )
  await withFiles(person, {
    'meta.yaml': 'title: Sea ice extent\nrkey: sea-ice\ndescription: Monthly.\n',
    'ice/a.csv': 'two',
  })
  const second = await person.json(
    'publish',
    'ice',
    '--dataset',
    'meta.yaml',
    '--tracker',
    'http://t.example/announce',
  )

  expect(second.dataset).toMatchObject({ uri: first.dataset.uri, action: 'updated' })
  const { value } = await recordOf(account, second.torrents[0].uri)
  const { uri, cid } = first.torrents[0]
  expect(value.supersedes).toEqual({ uri, cid })
  expect((await recordOf(account, uri)).value.supersedes).toBeUndefined()
  const { value: dataset } = await recordOf(account, first.dataset.uri)
  expect(dataset).toMatchObject({ title: 'Sea ice extent', description: 'Monthly.' })

  // The files are again as they once were: the old record is unchanged, and no cycle of references appears.
  await withFiles(person, { 'ice/a.csv': 'one' })
  await person.json('publish', 'ice', '--dataset', 'meta.yaml', '--tracker', 'http://t.example/announce')
  expect((await recordOf(account, uri)).value.supersedes).toBeUndefined()
})

test('files that share only their names do not supersede each other', async () => {
  const account = network.accounts[1]!
  await using person = await startPerson(network, { account })
  await withFiles(person, { '2023/readings.csv': 'jan', '2024/readings.csv': 'january' })
  const publish = async (path: string, ...options: string[]) => {
    const { torrents } = await person.json(
      'publish',
      path,
      '--title',
      'Readings',
      '--tracker',
      'http://t.example/a',
      ...options,
    )
    return { ...torrents[0], ...(await recordOf(account, torrents[0].uri)).value }
  }
  const first = await publish('2023/readings.csv', '-o', 'out/')
  const second = await publish('2024/readings.csv', '-o', 'out/')
  const asV1 = await publish('2024/readings.csv', '--v1', '--no-save')
  expect([first, second, asV1].map(({ supersedes }) => supersedes)).toEqual([undefined, undefined, undefined])
  expect(await readdir(join(person.home, 'out'))).toHaveLength(2)

  // Each form of the changed files replaces the earlier torrent of its own form.
  await withFiles(person, { '2024/readings.csv': 'january, february' })
  expect((await publish('2024/readings.csv', '--no-save')).supersedes.uri).toBe(second.uri)
  expect((await publish('2024/readings.csv', '--v1', '--no-save')).supersedes.uri).toBe(asV1.uri)

  // Another machine does not know where the files were, so the user can state it.
  await using elsewhere = await startPerson(network, { account })
  await withFiles(elsewhere, { 'readings.csv': 'jan, mended' })
  const said = await elsewhere.json(
    'publish',
    'readings.csv',
    '--title',
    'Readings',
    '--supersedes',
    first.uri,
  )
  expect((await recordOf(account, said.torrents[0].uri)).value.supersedes.uri).toBe(first.uri)
})

test('adds a suffix to a key that another dataset has', async () => {
  const account = network.accounts[2]!
  await using person = await startPerson(network, { account })
  await withFiles(person, {
    'rhine.yaml': 'rkey: rivers\ntitle: Levels of the Rhine\nhomepage: https://example.org/rhine\n',
    'elbe.yaml': 'rkey: rivers\ntitle: Levels of the Elbe\nhomepage: https://example.org/elbe\n',
  })
  const rhine = await person.json('publish', '--dataset', 'rhine.yaml')
  const elbe = await person.json('publish', '--dataset', 'elbe.yaml')
  expect([rhine, elbe].map(({ dataset }) => dataset.uri.split('/').at(-1))).toEqual(['rivers', 'rivers-2'])
  const again = await person.json('publish', '--dataset', 'elbe.yaml')
  expect(again.dataset).toEqual({ ...elbe.dataset, action: 'unchanged' })
  expect((await recordOf(account, rhine.dataset.uri)).value.title).toBe('Levels of the Rhine')
})

test('stores a description of 600 kB as a blob', async () => {
  const account = network.accounts[3]!
  await using person = await startPerson(network, { account })
  const description = `What this is.\n\n${'Ünïcode words and more of them. '.repeat(18_000)}`
  await withFiles(person, { 'meta.json': JSON.stringify({ title: 'A long story', description }) })
  const { dataset } = await person.json('publish', '--dataset', 'meta.json')
  const { value } = await recordOf(account, dataset.uri)
  expect(Buffer.byteLength(value.description)).toBeLessThan(50_000)
  expect(description.startsWith(value.description.slice(0, 100))).toBe(true)
  const blob = await account.agent.com.atproto.sync.getBlob({
    did: account.did,
    cid: value.descriptionBlob.ref.toString(),
  })
  expect(value.descriptionBlob.mimeType).toBe('text/markdown')
  expect(Buffer.from(blob.data).toString()).toBe(description)
  const again = await person.json('publish', '--dataset', 'meta.json')
  expect(again.dataset.action).toBe('unchanged')
})

test('reports invalid fields before anything is written or hashed', async () => {
  const account = network.accounts[4]!
  await using person = await startPerson(network, { account })
  await withFiles(person, {
    'bad.yaml': 'title: Fine\nsources: [{url: not an address}]\n',
    'empty.yaml': '[]\n',
  })
  const rev = await revOf(account)
  const bad = await person.run('publish', '--dataset', 'bad.yaml')
  expect(bad).toMatchObject({ code: 2, stderr: expect.stringContaining('sources/0/url') })
  expect(await person.run('publish', '--dataset', 'empty.yaml')).toMatchObject({ code: 2 })
  expect(await person.run('publish', '--dataset', 'nowhere.yaml')).toMatchObject({ code: 3 })
  expect(await person.run('publish', 'nowhere', '--title', 'Nothing')).toMatchObject({ code: 3 })
  expect(await person.run('publish')).toMatchObject({ code: 2, stderr: expect.stringContaining('--dataset') })
  expect(await revOf(account)).toBe(rev)
})

test('leaves out files that systems and clients put into directories, and names them', async () => {
  await using person = await startPerson(network, {})
  await withFiles(person, {
    'd/a.csv': 'a',
    'd/.DS_Store': 'x',
    'd/sub/Thumbs.db': 'x',
    'd/Desktop.ini': 'x',
    'd/b.part': 'x',
  })
  const made = await person.run('torrent', 'create', 'd', '--json')
  expect(made).toMatchObject({ code: 0 })
  for (const name of ['.DS_Store', 'Thumbs.db', 'Desktop.ini', 'b.part']) expect(made.stderr).toContain(name)
  expect(JSON.parse(made.stdout).fileCount).toBe(1)
  const all = await person.json('torrent', 'create', 'd', '--all-files', '-o', 'all.torrent')
  expect(all.fileCount).toBe(5)
})

test('reads a metadata file as people write it', async () => {
  const account = network.accounts[4]!
  await using person = await startPerson(network, { account })
  await withFiles(person, {
    'short.yaml': 'title: Short\nkeywords: [rivers, NO]\nlicense: CC0-1.0\nversion: 1.10\ncreators: [Ana]\n',
  })
  const taken = await person.run('publish', '--dataset', 'short.yaml', '--json')
  expect(taken).toMatchObject({
    code: 0,
    stderr: expect.stringContaining('short.yaml:3: license is read as {spdx'),
  })
  expect((await recordOf(account, JSON.parse(taken.stdout).dataset.uri)).value).toMatchObject({
    keywords: [{ name: 'rivers' }, { name: 'NO' }],
    license: { spdx: 'CC0-1.0' },
    version: '1.10',
    creators: [{ name: 'Ana' }],
  })
})

test('reports all faults of a metadata file at once and writes nothing', async () => {
  const account = network.accounts[4]!
  await using person = await startPerson(network, { account })
  await withFiles(person, { 'bad.yaml': 'title: Fine\nlicence: CC0-1.0\nmodified: 2019-02-30\n' })
  const rev = await revOf(account)
  const bad = await person.run('publish', '--dataset', 'bad.yaml', '--json')
  expect(bad).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('line 2: licence is not a field of a dataset'),
  })
  expect(JSON.parse(bad.stdout)).toMatchObject({ error: 'usage', faults: [{ line: 2 }, { line: 3 }] })
  expect(await revOf(account)).toBe(rev)
})

test('writes a metadata file that can be published, but does not replace a file', async () => {
  await using person = await startPerson(network, { account: network.accounts[4]! })
  expect(await person.run('dataset', 'new', 'new.yaml', '--title', 'New')).toMatchObject({ code: 0 })
  expect(await person.run('dataset', 'new', 'new.yaml')).toMatchObject({ code: 2 })
  expect((await person.json('publish', '--dataset', 'new.yaml')).dataset.action).toBe('created')
})

test('splits a .torrent that is too large for a blob, or names its address instead', async () => {
  await using small = await startNetwork({
    pdsCount: 1,
    accounts: 1,
    relay: false,
    pdsOptions: { blobUploadLimit: 150_000 },
  })
  const account = small.accounts[0]!
  await using person = await startPerson(small, { account })
  const files = Object.fromEntries(
    Array.from({ length: 2_000 }, (_, i) => [`many/${'x'.repeat(60)}-${i}.txt`, String(i)]),
  )
  await withFiles(person, files)
  const first = await person.run(
    'publish',
    'many',
    '--title',
    'Many',
    '--tracker',
    'http://t.example/announce',
    '--json',
  )
  expect(first).toMatchObject({ code: 0, stderr: expect.stringMatching(/stored in \d+ parts/) })
  const { value } = await recordOf(account, JSON.parse(first.stdout).torrents[0].uri)
  expect(value.metainfo).toBeUndefined()
  const parts = await Promise.all(
    value.metainfoParts.map(async ({ blob }: Json) => {
      const { data } = await account.agent.com.atproto.sync.getBlob({
        did: account.did,
        cid: blob.ref.toString(),
      })
      return data
    }),
  )
  const file = await readFile(join(person.home, 'many.torrent'))
  expect(Buffer.compare(Buffer.concat(parts), file)).toBe(0)
  const again = await person.json(
    'publish',
    'many',
    '--title',
    'Many',
    '--tracker',
    'http://t.example/announce',
  )
  expect(again.torrents[0].action).toBe('unchanged')

  await using tiny = await startNetwork({
    pdsCount: 1,
    accounts: 1,
    relay: false,
    pdsOptions: { blobUploadLimit: 10_000 },
  })
  await using other = await startPerson(tiny, { account: tiny.accounts[0]! })
  await withFiles(other, files)
  const refused = await other.run(
    'publish',
    'many',
    '--title',
    'Many',
    '--tracker',
    'http://t.example/announce',
  )
  expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining('--metainfo-url') })
  const named = await other.json(
    'publish',
    'many',
    '--title',
    'Many',
    '--tracker',
    'http://t.example/announce',
    '--metainfo-url',
    'https://example.org/many.torrent',
  )
  const { value: record } = await recordOf(tiny.accounts[0]!, named.torrents[0].uri)
  expect(record.metainfoUrls).toEqual([
    {
      url: 'https://example.org/many.torrent',
      sha256: createHash('sha256').update(file).digest('hex'),
      sizeBytes: file.length,
    },
  ])
})

test('two processes that publish one torrent for two datasets both keep their reference', async () => {
  const account = network.accounts[5]!
  await using person = await startPerson(network, { account })
  await withFiles(person, { 'same.csv': 'the same bytes' })
  const both = await Promise.all(
    ['Left bank', 'Right bank'].map((title) =>
      person.json(
        'publish',
        'same.csv',
        '--title',
        title,
        '--tracker',
        'http://t.example/announce',
        '--no-save',
      ),
    ),
  )
  const { value } = await recordOf(account, both[0].torrents[0].uri)
  expect(value.datasets.map(({ uri }: Json) => uri).toSorted()).toEqual(
    both.map(({ dataset }) => dataset.uri).toSorted(),
  )
})

test('adds the origin’s address to another’s torrent while it serves the same bytes', async () => {
  const [author, mirrorer] = [network.accounts[6]!, network.accounts[7]!]
  await using person = await startPerson(network, { account: author })
  await using other = await startPerson(network, { account: mirrorer })
  await withFiles(other, { 'levels.csv': 'day,cm\n1,312\n', 'changed.csv': 'now' })
  await using origin = await startFileServer(other.home)
  const sources = ['levels.csv', 'changed.csv'].map((name) => ({ url: `${origin.url}${name}`, kind: 'http' }))
  await withFiles(person, { 'meta.json': JSON.stringify({ title: 'Levels', sources }) })
  const { dataset } = await person.json('publish', '--dataset', 'meta.json')
  await mkdir(join(other.home, 'kept'))
  await withFiles(other, { 'kept/levels.csv': 'day,cm\n1,312\n', 'kept/changed.csv': 'then' })
  const published = await other.json(
    'publish',
    'kept/levels.csv',
    'kept/changed.csv',
    '--for',
    dataset.uri,
    '--tracker',
    'http://t.example/a',
  )
  expect(published.dataset).toEqual({ uri: dataset.uri, cid: dataset.cid, action: 'unchanged' })
  const [levels, changed] = await Promise.all(
    published.torrents.map(({ uri }: Json) => recordOf(mirrorer, uri)),
  )
  expect(levels.value.webseeds).toEqual([{ url: `${origin.url}levels.csv`, kind: 'bep19' }])
  expect(changed.value.webseeds).toBeUndefined()
  expect(published.torrents[0].magnet).toContain(`ws=${encodeURIComponent(`${origin.url}levels.csv`)}`)
})

test('writes and reads records under another authority', async () => {
  const account = network.accounts[7]!
  const env = { HOLDFAST_AUTHORITIES: `gov.example.archive,${collections.dataset.replace('.dataset', '')}` }
  await using person = await startPerson(network, { account, env })
  const { dataset } = await person.json('publish', '--title', 'Re-homed')
  expect(dataset.uri).toContain('/gov.example.archive.dataset/')
  expect((await recordOf(account, dataset.uri)).value.$type).toBe('gov.example.archive.dataset')
  expect((await person.json('publish', '--title', 'Re-homed')).dataset.action).toBe('unchanged')
})

test('writes an editor’s change unless the record has changed meanwhile', async () => {
  const account = network.accounts[6]!
  await using person = await startPerson(network, { account, env: { EDITOR: 'sed -i s/ebb/flood/' } })
  const { dataset } = await person.json('publish', '--title', 'Tides', '--description', 'ebb')
  expect(await person.json('edit', dataset.uri)).toMatchObject({ action: 'updated' })
  expect((await recordOf(account, dataset.uri)).value.description).toBe('flood')

  const rkey = dataset.uri.split('/').at(-1)
  const meanwhile = `${process.execPath} ${join(person.home, 'meanwhile.mjs')}`
  await withFiles(person, {
    'meanwhile.mjs': `import { execFileSync } from 'node:child_process'
import { appendFileSync } from 'node:fs'
execFileSync(process.execPath, [${JSON.stringify(bin)}, 'publish', '--title', 'Tides', '--description', 'high', '--rkey', '${rkey}'])
appendFileSync(process.argv[2], 'citation: mine\\n')`,
  })
  await using editor = await startPerson(network, { account, env: { EDITOR: meanwhile } })
  const refused = await editor.run('edit', dataset.uri)
  expect(refused).toMatchObject({ code: 6, stderr: expect.stringContaining('Your change is saved in') })
  const kept = /saved in (\S+)\.$/m.exec(refused.stderr)![1]!
  expect(await readFile(kept, 'utf8')).toContain('citation: mine')
  expect((await recordOf(account, dataset.uri)).value).toMatchObject({ description: 'high' })
})

test('an announcement is a post with a link card, written once for each version', async () => {
  const account = network.accounts[0]!
  await using person = await startPerson(network, { account })
  const description = 'Each **day** since [1820](https://example.org/).\n\nMore about it.'
  await withFiles(person, { 'meta.json': JSON.stringify({ title: 'Ice days', description }), 'ice.csv': '1' })
  const publish = () =>
    person.json(
      'publish',
      'ice.csv',
      '--dataset',
      'meta.json',
      '--announce',
      '--no-save',
      '--tracker',
      'http://t.example/a',
    )
  const first = await publish()
  const [repo, collection, rkey] = first.post.slice('at://'.length).split('/')
  const { data } = await account.agent.com.atproto.repo.getRecord({ repo, collection, rkey })
  expect(data.value).toMatchObject({
    text: expect.stringMatching(/^Ice days\n\nThis dataset is shared as a torrent\./),
    embed: { external: { uri: first.page, title: 'Ice days', description: 'Each day since 1820.' } },
  })
  expect((await publish()).post).toBeUndefined()
  await withFiles(person, { 'ice.csv': '2' })
  const next = await publish()
  const { data: later } = await account.agent.com.atproto.repo.getRecord({
    ...{ repo, collection },
    rkey: next.post.split('/').at(-1),
  })
  expect(later.value).toMatchObject({ text: expect.stringContaining('A new version of this dataset is') })
})
