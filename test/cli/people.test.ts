import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { collections } from '@holdfast/lexicons/nsid'
import { parseMetainfo } from '@holdfast/torrent/metainfo'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { waitFor } from '../network/wait-for.ts'
import { type System, startSystem } from '../system/system.ts'
import { type FileServer, startFileServer } from './file-server.ts'
import { type Json, type Person, startPerson } from './run-holdfast.ts'

// Each step is a process of its own, and the machine may be busy.
vi.setConfig({ testTimeout: 240_000, hookTimeout: 120_000 })

const run = promisify(execFile)

// One story in chapters: Alice publishes, Bobby finds, mirrors, downloads and carries on, Alice takes her own away.
let directory: string
let system: System
let [alice, bobby]: Person[] = []
let mirror: FileServer
let dataset: string
let torrent: { uri: string; infoHashV1: string; infoHashV2: string; magnet: string }

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'holdfast-people-'))
  system = await startSystem({ directory, pdsCount: 2, accounts: ['alice', 'bobby'] })
  const env = { HOLDFAST_APPVIEW_URL: system.env.HOLDFAST_APPVIEW_URL }
  ;[alice, bobby] = await Promise.all(
    system.network.accounts.map((account) => startPerson(system.network, { account, env })),
  )
  const files = join(alice!.home, 'levels')
  await mkdir(join(files, 'deep'), { recursive: true })
  await writeFile(join(files, '1820.csv'), Buffer.alloc(300_000, 'day,cm\n'))
  await writeFile(join(files, 'deep', 'für 1821.csv'), Buffer.alloc(70_001, 'more\n'))
  await writeFile(join(files, 'empty'), '')
  mirror = await startFileServer(alice!.home)
}, 120_000)
afterAll(async () => {
  await mirror?.[Symbol.asyncDispose]()
  await system?.[Symbol.asyncDispose]()
  await alice?.[Symbol.asyncDispose]()
  await bobby?.[Symbol.asyncDispose]()
  await rm(directory, { recursive: true, force: true })
})

const eventually = <T>(what: string, look: () => Promise<T>) =>
  waitFor(look as Json, { what, timeoutMs: 60_000, intervalMs: 200 }) as Promise<T>
const statusOf = async (person: Person, uri: string) => (await person.json('status', uri)).status

test('Alice publishes with the AppView’s trackers; Bobby finds the dataset by search and by infohash', {
  timeout: 180_000,
}, async () => {
  const published = await alice!.json(
    'publish',
    'levels',
    '--title',
    'Levels of the Rhine',
    '--license',
    'CC0-1.0',
    '--keyword',
    'rivers',
  )
  dataset = published.dataset.uri
  torrent = published.torrents[0]
  for (const tracker of system.env.HOLDFAST_TRACKERS.split(','))
    expect(torrent.magnet).toContain(encodeURIComponent(tracker))

  await eventually(
    'the torrent to be indexed',
    async () => (await statusOf(bobby!, torrent.uri)) === 'indexed',
  )
  await eventually('search to find it', async () => {
    const { datasets } = await bobby!.json(
      'search',
      'rhine',
      'levels',
      '--keyword',
      'rivers',
      '--has-torrent',
    )
    return datasets.some(({ uri }: { uri: string }) => uri === dataset)
  })
  expect((await bobby!.json('search', 'levels', '--no-torrent')).datasets).toEqual([])
  const table = await bobby!.run('search', 'rhine')
  expect(table).toMatchObject({ code: 0, stderr: '', stdout: expect.stringContaining('Levels of the Rhine') })
  const shown = await bobby!.json('show', torrent.infoHashV2.slice(0, 40))
  expect(shown.torrents[0]).toMatchObject({ uri: torrent.uri, metainfoStatus: 'verified', fileCount: 3 })
  expect((await bobby!.run('show', dataset)).stdout).toContain('CC0-1.0')
  expect(await bobby!.run('show', '00'.repeat(20))).toMatchObject({ code: 3 })
  expect(await bobby!.run('search', '--sort', 'newest', '--min-size', 'huge')).toMatchObject({ code: 2 })
})

test('Bobby says where a mirror is, but not of one that has other bytes', { timeout: 180_000 }, async () => {
  await using wrong = await startFileServer(bobby!.home)
  const refused = await bobby!.run('webseed', 'add', torrent.uri, wrong.url)
  expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining('404') })
  const added = await bobby!.json('webseed', 'add', torrent.uri, mirror.url, '--note', 'until spring')
  expect(added).toMatchObject({ action: 'created', uri: expect.stringContaining(`/${collections.webseed}/`) })
  expect((await bobby!.json('webseed', 'add', torrent.magnet, mirror.url)).action).toBe('unchanged')

  const file = join(alice!.home, 'levels.torrent')
  expect((await bobby!.json('webseed', 'check', file, mirror.url, '--all')).webSeeds[0]).toMatchObject({
    ok: true,
    badPieceCount: 0,
  })
  expect(await bobby!.run('webseed', 'check', file, wrong.url)).toMatchObject({ code: 1 })
})

test('Bobby gets the .torrent, the magnet, and the files over HTTP, going on where a download stopped', {
  timeout: 180_000,
}, async () => {
  const { torrents } = await bobby!.json('get', dataset, '-o', 'got')
  const metainfo = parseMetainfo(await readFile(join(bobby!.home, torrents[0].file)))
  expect([metainfo.infoHashV1, metainfo.infoHashV2]).toEqual([torrent.infoHashV1, torrent.infoHashV2])
  expect((await bobby!.run('get', torrent.uri, '--magnet')).stdout).toContain(`btih:${torrent.infoHashV1}`)

  const first = await bobby!.json('get', torrent.infoHashV1, '--http', '-o', 'data', '--webseed', mirror.url)
  expect(first.torrents[0]).toMatchObject({ downloadedBytes: 370_001, keptBytes: 0 })
  for (const path of ['levels/1820.csv', 'levels/deep/für 1821.csv', 'levels/empty'])
    expect(
      Buffer.compare(
        await readFile(join(bobby!.home, 'data', path)),
        await readFile(join(alice!.home, path)),
      ),
    ).toBe(0)

  await truncate(join(bobby!.home, 'data/levels/1820.csv'), 200_000)
  const second = await bobby!.json('get', torrent.infoHashV1, '--http', '-o', 'data', '--webseed', mirror.url)
  expect(second.torrents[0].downloadedBytes).toBeLessThan(150_000)
  expect(await bobby!.run('torrent', 'verify', 'got/levels.torrent', 'data')).toMatchObject({ code: 0 })

  await writeFile(join(bobby!.home, 'data/levels/1820.csv'), 'spoilt')
  const bad = await bobby!.run('torrent', 'verify', 'got/levels.torrent', 'data')
  expect(bad).toMatchObject({ code: 1, stdout: expect.stringContaining('wrong size: 1820.csv') })
})

const clients = { aria2: '/usr/bin/aria2c', transmission: '/usr/bin/transmission-cli' }
for (const [name, path] of Object.entries(clients)) {
  if (existsSync(path)) continue
  if (process.env.CI) throw new Error(`the webseed story needs ${name}`)
  console.info(`left out: ${name} downloads from a webseed alone, for it is not installed`)
}

/** One file with a webseed and a tracker that does not answer, published. */
async function publishOneFile(person: Person, ...options: string[]): Promise<FileServer> {
  await writeFile(join(person.home, 'one.bin'), Buffer.alloc(3_000_000, 'one file '))
  const server = await startFileServer(person.home)
  const seed = ['--webseed', `${server.url}one.bin`, '--tracker', 'http://127.0.0.1:9/announce']
  await person.json('publish', 'one.bin', '--title', 'One file', ...seed, ...options)
  return server
}

const isWhole = async (person: Person, path: string) => {
  const found = await readFile(join(person.home, path)).catch(() => Buffer.alloc(0))
  return found.equals(await readFile(join(person.home, 'one.bin')))
}

test.runIf(existsSync(clients.aria2))(
  'aria2 downloads a published hybrid torrent from a webseed alone',
  async () => {
    await using person = await startPerson(system.network, { account: system.network.accounts[0]! })
    await using server = await publishOneFile(person)
    const lonely = ['--enable-dht=false', '--enable-dht6=false', '--bt-enable-lpd=false']
    const args = [...lonely, '--seed-time=0', '--quiet', '--no-conf', `--dir=${join(person.home, 'got')}`]
    await run(clients.aria2, [...args, join(person.home, 'one.bin.torrent')], { timeout: 100_000 })
    expect(await isWhole(person, 'got/one.bin')).toBe(true)
    expect(server.requests).toContain('/one.bin')
  },
)

// Transmission 3.00 opens no hybrid .torrent at all, libtorrent's neither; its users need one that is v1 only.
test.runIf(existsSync(clients.transmission))(
  'transmission downloads a published v1 torrent from a webseed alone',
  async () => {
    await using person = await startPerson(system.network, { account: system.network.accounts[0]! })
    await using server = await publishOneFile(person, '--v1')
    const args = [
      '--config-dir',
      join(person.home, 'transmission'),
      '--download-dir',
      join(person.home, 'got'),
    ]
    const child = spawn(
      clients.transmission,
      [...args, '--no-portmap', join(person.home, 'one.bin.torrent')],
      { stdio: 'ignore' },
    )
    try {
      await eventually('transmission to have the file', () => isWhole(person, 'got/one.bin'))
    } finally {
      child.kill()
      await once(child, 'close')
    }
    expect(server.requests).toContain('/one.bin')
  },
)

test('Bobby carries on what Alice published; again, nothing is written', { timeout: 180_000 }, async () => {
  const adopted = await bobby!.json('adopt', dataset)
  const { did, agent } = system.network.accounts[1]!
  expect(adopted.dataset.uri).toBe(dataset.replace(system.network.accounts[0]!.did, did))
  const record = async (uri: string): Promise<Json> => {
    const [repo, collection, rkey] = uri.slice(5).split('/') as [string, string, string]
    return (await agent.com.atproto.repo.getRecord({ repo, collection, rkey })).data.value
  }
  expect((await record(adopted.dataset.uri)).adoptedFrom.uri).toBe(dataset)
  const copy = await record(adopted.torrents[0].uri)
  expect(copy).toMatchObject({ adoptedFrom: { uri: torrent.uri }, infoHashV2: torrent.infoHashV2 })
  expect(copy.datasets.map(({ uri }: { uri: string }) => uri)).toEqual([dataset, adopted.dataset.uri])
  const blob = await agent.com.atproto.sync.getBlob({ did, cid: copy.metainfo.ref.toString() })
  expect(parseMetainfo(blob.data).infoHashV1).toBe(torrent.infoHashV1)
  const again = await bobby!.json('adopt', dataset)
  expect([again.dataset, ...again.torrents].map(({ action }) => action)).toEqual(['unchanged', 'unchanged'])
  expect(await alice!.run('adopt', dataset)).toMatchObject({ code: 2 })

  // Her server goes away, and what the AppView kept is enough.
  await system.network.stopPds(0)
  const late = await system.network.createAccount('carol', 1)
  const env = { HOLDFAST_APPVIEW_URL: system.env.HOLDFAST_APPVIEW_URL }
  await using carol = await startPerson(system.network, { account: late, env })
  const saved = await carol.json('adopt', dataset)
  await system.network.restartPds(0)
  expect([saved.dataset, ...saved.torrents].map(({ action }) => action)).toEqual(['created', 'created'])
  expect(await record(saved.torrents[0].uri)).toMatchObject({ adoptedFrom: { uri: torrent.uri } })
})

test('records are edited with care, exported, and deleted only after a yes', {
  timeout: 180_000,
}, async () => {
  expect(
    await alice!.json('edit', dataset, '--set', 'risk.level=endangered', '--set', 'issued="1820"'),
  ).toMatchObject({ action: 'updated' })
  expect(await alice!.run('edit', dataset, '--set', 'homepage=nowhere')).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('homepage'),
  })
  expect(await bobby!.run('edit', dataset, '--set', 'title=Mine')).toMatchObject({ code: 4 })

  const dcat = JSON.parse((await alice!.run('export', dataset)).stdout)
  expect(dcat['dcat:dataset'][0]).toMatchObject({
    '@id': dataset,
    'dct:title': 'Levels of the Rhine',
    'dct:issued': { '@value': '1820', '@type': 'xsd:gYear' },
  })
  const [datacite] = JSON.parse((await alice!.run('export', dataset, '--format', 'datacite')).stdout)
  expect(datacite).toMatchObject({ titles: [{ title: 'Levels of the Rhine' }], publicationYear: 1820 })
  await alice!.run('export', dataset, '--format', 'bagit', '-o', 'bags')
  const info = await readFile(join(alice!.home, 'bags', dataset.split('/').at(-1)!, 'bag-info.txt'), 'utf8')
  expect(info).toContain(`External-Identifier: ${dataset}`)

  // What was exported can be imported: the same words come back.
  await writeFile(join(bobby!.home, 'catalogue.jsonld'), JSON.stringify(dcat))
  const back = await bobby!.run('import', 'catalogue.jsonld', '--dry-run', '--json')
  expect(JSON.parse(back.stdout).record).toMatchObject({ title: 'Levels of the Rhine', issued: '1820' })

  expect(await alice!.run('delete', dataset)).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('--yes'),
  })
  expect((await alice!.json('delete', dataset, '--torrents', '--yes')).deleted).toEqual([
    dataset,
    torrent.uri,
  ])
  await eventually('the dataset to go', async () => (await bobby!.run('show', dataset)).code === 3)
  // The adopted copies keep the content alive.
  expect((await bobby!.json('show', torrent.infoHashV1)).torrents).toHaveLength(2)
})
