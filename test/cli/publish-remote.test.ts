import { randomBytes } from 'node:crypto'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseMetainfo } from '@holdfast/torrent/metainfo'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { TestAccount } from '../network/accounts.ts'
import { type Network, startNetwork } from '../network/network.ts'
import { listing, serve, startOrigin } from './remote/origin.ts'
import { type Json, startPerson } from './run-holdfast.ts'

let network: Network
beforeAll(async () => {
  network = await startNetwork({ pdsCount: 1, accounts: 2, relay: false })
})
afterAll(() => network?.[Symbol.asyncDispose]())

const recordOf = async (account: TestAccount, uri: string): Promise<Json> => {
  const [repo, collection, rkey] = uri.slice('at://'.length).split('/') as [string, string, string]
  return (await account.agent.com.atproto.repo.getRecord({ repo, collection, rkey })).data.value
}
const tracker = ['--tracker', 'http://t.example/announce']

test('publishes a torrent of a server’s directory, and its next version', async () => {
  const account = network.accounts[0]!
  await using person = await startPerson(network, { account })
  let bytes = randomBytes(50_000)
  await using origin = await startOrigin((request, response) =>
    request.url === '/pub/levels/'
      ? listing(response, ['a.csv', 'b.csv'])
      : serve(request, response, { bytes, etag: `"${bytes.toString('hex', 0, 8)}"` }),
  )
  const publish = () =>
    person.json('publish', `${origin.url}pub/levels/`, '--title', 'Levels', ...tracker, '--tool', 'holdfast')
  const { torrents } = await publish()
  const record = await recordOf(account, torrents[0].uri)
  expect(record).toMatchObject({
    name: 'levels',
    fileCount: 2,
    tool: 'holdfast',
    webseeds: [{ url: `${origin.url}pub/`, kind: 'bep19' }],
  })
  const saved = parseMetainfo(await readFile(join(person.home, 'levels.torrent')))
  expect([saved.infoHashV2, saved.webseeds]).toEqual([torrents[0].infoHashV2, record.webseeds])
  expect((await readdir(person.home)).filter((name) => name.endsWith('.state'))).toEqual([])
  expect((await publish()).torrents[0].action).toBe('unchanged')

  bytes = randomBytes(60_000)
  const [next] = (await publish()).torrents
  expect((await recordOf(account, next.uri)).supersedes.uri).toBe(torrents[0].uri)
})

test('publishes what a dataset’s sources serve, and names what it could not read', async () => {
  const account = network.accounts[1]!
  await using person = await startPerson(network, { account })
  const bytes = randomBytes(1000)
  await using origin = await startOrigin((request, response) => {
    if (request.url !== '/get?id=7') return void response.writeHead(404).end()
    return serve(request, response, { bytes, etag: '"1"' })
  })
  const sources = [
    { url: `${origin.url}get?id=7`, kind: 'http' },
    { url: `${origin.url}gone/`, kind: 'http' },
    { url: 'ftp://127.0.0.1/', kind: 'ftp' },
  ]
  await writeFile(join(person.home, 'meta.json'), JSON.stringify({ title: 'Seven', sources }))
  const ran = await person.run('publish', '--from-source', '--dataset', 'meta.json', ...tracker, '--json')
  expect(ran.code).toBe(1)
  const { torrents, leftOut } = JSON.parse(ran.stdout) as Json
  expect(leftOut).toEqual([{ url: `${origin.url}gone/`, reason: expect.stringContaining('404') }])
  expect(torrents).toHaveLength(1)
  expect(await recordOf(account, torrents[0].uri)).toMatchObject({
    sizeBytes: 1000,
    webseeds: [{ url: `${origin.url}get?id=7`, kind: 'bep19' }],
  })
})

test('publishes what lies under an s3:// address, and divides it into parts by its sizes', async () => {
  const account = network.accounts[1]!
  await using person = await startPerson(network, { account })
  const objects = new Map(['tides/1.csv', 'tides/2.csv'].map((key) => [key, randomBytes(4000)]))
  await using origin = await startOrigin((request, response) => {
    const { pathname } = new URL(request.url!, 'http://x')
    const bytes = objects.get(pathname.slice('/store/'.length))
    if (bytes) return serve(request, response, { bytes, etag: '"1-1"' })
    const entries = [...objects].map(
      ([key, { length }]) => `<Contents><Key>${key}</Key><Size>${length}</Size></Contents>`,
    )
    response.writeHead(pathname === '/store/' ? 200 : 404, { 'content-type': 'application/xml' })
    response.end(`<ListBucketResult>${entries.join('')}</ListBucketResult>`)
  })
  const endpoint = ['--endpoint', origin.url]
  const made = await person.json('torrent', 'create', 's3://store/tides/', '--name', 'tides', ...endpoint)
  const { dataset, torrents } = await person.json(
    ...['publish', 's3://store/tides/', '--title', 'Tides', ...tracker, ...endpoint, '--overwrite'],
  )
  expect(torrents[0].infoHashV2).toBe(made.infoHashV2)
  expect((await recordOf(account, torrents[0].uri)).webseeds).toEqual([
    { url: `${origin.url}store/`, kind: 'bep19' },
  ])
  const { parts } = await person.json(
    ...['parts', 'add', dataset.uri, 's3://store/tides/', '--by-bytes', '5kB', ...endpoint],
  )
  const records = await Promise.all((parts as Json[]).map(({ uri }) => recordOf(account, uri)))
  expect(records.flatMap(({ urls }) => urls.map((each: Json) => each.url)).sort()).toEqual([
    `${origin.url}store/tides/1.csv`,
    `${origin.url}store/tides/2.csv`,
  ])
  expect(records).toHaveLength(2)

  const sources = [
    { url: 's3://store/tides/1.csv', kind: 's3' },
    { url: `${origin.url}store/tides/2.csv`, kind: 'http' },
    { url: 's3://store/secret/', kind: 's3', access: 'registration' },
  ]
  await writeFile(join(person.home, 'meta.json'), JSON.stringify({ title: 'Both', sources }))
  const both = await person.json(
    'publish',
    '--from-source',
    '--dataset',
    'meta.json',
    ...tracker,
    ...endpoint,
  )
  expect(await recordOf(account, both.torrents[0].uri)).toMatchObject({ name: 'tides', fileCount: 2 })

  const wrong = await person.run('torrent', 'create', 's3://store/', '--endpoint', 'store.example.org')
  expect([wrong.code, wrong.stderr]).toEqual([2, expect.stringContaining('such as https://s3.example.org')])
})
