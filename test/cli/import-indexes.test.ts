import { mkdir, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { AtpAgent } from '@atproto/api'
import { collections } from '@holdfast/lexicons/nsid'
import { type CreatedTorrent, createTorrent } from '@holdfast/torrent/create'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { closerOf, listening } from '../network/closing.ts'
import { type Network, startNetwork } from '../network/network.ts'
import { scratchDirectory } from '../system/scratch.ts'
import { type Person, startPerson } from './run-holdfast.ts'

let network: Network
let directory: Awaited<ReturnType<typeof scratchDirectory>>
let [soil, ice, other]: CreatedTorrent[] = []

beforeAll(async () => {
  network = await startNetwork({ pdsCount: 1, accounts: 1, relay: false })
  directory = await scratchDirectory()
  ;[soil, ice, other] = await Promise.all(
    ['soil', 'ice', 'other'].map(async (name) => {
      const path = join(directory.path, name, `${name}.csv`)
      await mkdir(join(directory.path, name))
      await writeFile(path, `${name},1\n`)
      return createTorrent([path], { trackers: [{ url: 'https://tracker.example/announce', tier: 0 }] })
    }),
  )
})
afterAll(async () => {
  await network?.[Symbol.asyncDispose]()
  await directory?.[Symbol.asyncDispose]()
})

/** An index of torrents that answers like SciOp: datasets by the page, and the `.torrent`s of their uploads. */
async function startSciop() {
  const datasetOf = (slug: string, torrent: CreatedTorrent) => ({
    ...{ slug, title: `The ${slug}`, publisher: 'An office', threat: 'endangered', scarcity: 'source_only' },
    ...{
      tags: [slug],
      urls: [`https://example.gov/${slug}`],
      external_identifiers: [],
      external_sources: [],
    },
    uploads: [
      {
        ...{ method: 'wget', account: 'rescuer', dataset: slug },
        torrent: {
          file_name: `${slug}.torrent`,
          v1_infohash: torrent.infoHashV1,
          v2_infohash: torrent.infoHashV2,
        },
      },
    ],
  })
  const served = new Map([
    [`/torrents/${soil!.infoHashV2}/soil.torrent`, soil!.metainfo],
    // This one is not what the index says it is.
    [`/torrents/${ice!.infoHashV2}/ice.torrent`, other!.metainfo],
  ])
  const requests: string[] = []
  const server = createServer((request, response) => {
    const url = new URL(request.url!, 'http://x')
    requests.push(url.pathname)
    const page = Number(url.searchParams.get('page') ?? 1)
    const items = [datasetOf('soil', soil!), datasetOf('ice', ice!)].slice(page - 1, page)
    if (url.pathname === '/api/v1/datasets/')
      return response.end(JSON.stringify({ items, total: 2, page, size: 1, pages: 2 }))
    return response.end(served.get(url.pathname) ?? response.writeHead(404) ?? '')
  })
  const close = closerOf(server)
  server.listen(0, '127.0.0.1')
  await listening(server)
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    served,
    requests,
    [Symbol.asyncDispose]: close,
  }
}

async function torrentsOf(person: { did: string; pdsUrl: string }) {
  const agent = new AtpAgent({ service: person.pdsUrl })
  const { data } = await agent.com.atproto.repo.listRecords({
    repo: person.did,
    collection: collections.torrent,
  })
  return data.records
}

async function linesOf(person: Person, ...args: string[]) {
  const { code, stdout } = await person.run(...args, '--json')
  return {
    code,
    lines: stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line)),
  }
}

test('an index like SciOp is imported with its torrents, each fetched once and checked', async () => {
  const account = network.accounts[0]!
  await using person = await startPerson(network, { account })
  await using sciop = await startSciop()
  const place = `${sciop.url}/api/v1/datasets/`

  const first = await linesOf(person, 'import', place)
  expect(first.code).toBe(1)
  expect(first.lines).toMatchObject([
    { action: 'created', torrents: [{ infoHash: soil!.infoHashV1, action: 'created' }] },
    { action: 'created', torrents: [{ problem: expect.stringContaining('is not the torrent') }] },
    { total: 2, created: 2, torrents: { created: 1, failed: 1 } },
  ])
  const [record] = await torrentsOf(account)
  expect(record!.value).toMatchObject({
    ...{ infoHashV1: soil!.infoHashV1, infoHashV2: soil!.infoHashV2, name: 'soil.csv' },
    datasets: [{ uri: first.lines[0].uri }],
    trackers: [{ url: 'https://tracker.example/announce', tier: 0 }],
    method: `wget\n\nFrom ${sciop.url}/uploads/${soil!.infoHashV2}, uploaded by rescuer.`,
  })

  // The index has been mended; only what is missing is asked for.
  sciop.served.set(`/torrents/${ice!.infoHashV2}/ice.torrent`, ice!.metainfo)
  sciop.requests.length = 0
  const second = await linesOf(person, 'import', place)
  expect(second.code).toBe(0)
  expect(second.lines).toMatchObject([
    { action: 'unchanged', torrents: [{ action: 'unchanged' }] },
    { action: 'unchanged', torrents: [{ infoHash: ice!.infoHashV1, action: 'created' }] },
    { unchanged: 2, torrents: { created: 1, unchanged: 1 } },
  ])
  expect(sciop.requests.filter((path) => path.startsWith('/torrents/'))).toEqual([
    `/torrents/${ice!.infoHashV2}/ice.torrent`,
  ])

  const dry = await person.run('import', place, '--dry-run')
  expect(dry.stdout).toContain(`# torrent ${soil!.infoHashV1} from ${sciop.url}/torrents/`)
})

test('a directory of .torrent files is published, without those that were got in confidence', async () => {
  const account = network.accounts[0]!
  await using person = await startPerson(network, { account })
  const session = join(person.home, 'session')
  await mkdir(session)
  const source = join(directory.path, 'other', 'other.csv')
  const of = (options: object) => createTorrent([source], options)
  const tracker = (url: string) => ({ trackers: [{ url, tier: 0 }] })
  const files = {
    'open.torrent': (await of({ comment: 'Counts of birds', ...tracker('udp://t.example:80') })).metainfo,
    'private.torrent': (await of({ private: true })).metainfo,
    'key.torrent': (await of(tracker(`https://t.example/${'0a1b'.repeat(8)}/announce`))).metainfo,
    'broken.torrent': Buffer.from('d4:infoi1ee'),
  }
  for (const [name, bytes] of Object.entries(files)) await writeFile(join(session, name), bytes)

  const first = await linesOf(person, 'import', 'session')
  expect(first.code).toBe(1)
  expect(first.lines).toMatchObject([
    { name: expect.stringContaining('broken.torrent'), problem: expect.any(String) },
    { name: expect.stringContaining('key.torrent'), problem: expect.stringContaining('personal key') },
    { action: 'created', torrents: [{ infoHash: other!.infoHashV1, action: 'created' }] },
    { name: expect.stringContaining('private.torrent'), problem: expect.stringContaining('private') },
    { total: 4, created: 1, failed: 3, torrents: { created: 1 } },
  ])
  const again = await linesOf(person, 'import', join('session', 'open.torrent'))
  expect(again).toMatchObject({ code: 0, lines: [{ action: 'unchanged' }, { unchanged: 1 }] })
})
