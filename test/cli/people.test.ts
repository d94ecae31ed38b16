import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { collections } from '@holdfast/lexicons/nsid'
import { parseMetainfo } from '@holdfast/torrent/metainfo'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { waitFor } from '../network/wait-for.ts'
import { needs } from '../system/requirements.ts'
import { type System, startSystem } from '../system/system.ts'
import { type FileServer, startFileServer } from './file-server.ts'
import { type Json, type Person, startPerson } from './run-holdfast.ts'

const run = promisify(execFile)

// One story in several tests: Alice publishes, Bobby searches, mirrors, downloads and adopts, and Alice deletes her
// records.
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
})
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

test('Bobby finds Alice’s dataset by search and by infohash', async () => {
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
  const [cited] = JSON.parse((await bobby!.run('show', dataset, '--cite', 'csl-json')).stdout)
  expect(cited).toMatchObject({
    archive_location: dataset,
    note: expect.stringContaining(torrent.infoHashV2),
  })
  expect(published.page).toMatch(/\/dataset\/did:plc:[a-z2-7]+\/[^/]+$/)
  expect(await bobby!.run('show', '00'.repeat(20))).toMatchObject({ code: 3 })
  expect(await bobby!.run('search', '--sort', 'newest', '--min-size', 'huge')).toMatchObject({ code: 2 })
})

test('an order of search that does not exist is wrong usage, like a limit beyond 100', async () => {
  expect(await bobby!.run('search', '--limit', '1000')).toMatchObject({ code: 2 })
  expect(await bobby!.run('search', '--sort', 'foo')).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('sort is one of relevance, newest'),
  })
})

test('a search without results says so on standard error, but not with --quiet or --json', async () => {
  const nothing = ['search', 'quicksilver', 'assays']
  expect(await bobby!.run(...nothing)).toMatchObject({
    code: 0,
    stdout: '',
    stderr: expect.stringContaining('No datasets match quicksilver assays.'),
  })
  expect(await bobby!.run(...nothing, '--quiet')).toMatchObject({ code: 0, stdout: '', stderr: '' })
  expect(await bobby!.run(...nothing, '--json')).toMatchObject({ code: 0, stderr: '' })
})

test('showing a record that is not visible says how to learn why', async () => {
  const gone = `${dataset}-gone`
  expect(await bobby!.run('show', gone)).toMatchObject({
    code: 3,
    stderr: expect.stringContaining(`holdfast status ${gone}`),
  })
})

test('Bobby adds a mirror that has the right bytes', async () => {
  await using wrong = await startFileServer(bobby!.home)
  const refused = await bobby!.run('webseed', 'add', torrent.uri, wrong.url)
  expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining('404') })
  const added = await bobby!.json('webseed', 'add', torrent.uri, mirror.url, '--note', 'until spring')
  expect(added).toMatchObject({ action: 'created', uri: expect.stringContaining(`/${collections.webseed}/`) })
  expect((await bobby!.json('webseed', 'add', torrent.magnet, mirror.url)).action).toBe('unchanged')

  const file = join(alice!.home, 'levels.torrent')
  expect((await bobby!.json('webseed', 'check', file, mirror.url, '--all')).webseeds[0]).toMatchObject({
    ok: true,
    badPieceCount: 0,
  })
  expect(await bobby!.run('webseed', 'check', file, wrong.url)).toMatchObject({ code: 1 })
})

test('Bobby gets the .torrent, the magnet link and the files, and resumes a download', async () => {
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
  const again = ['get', torrent.infoHashV1, '--http', '-o', 'data', '--webseed', mirror.url]
  const refused = await bobby!.run(...again, '--json')
  expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining('--overwrite') })
  expect(JSON.parse(refused.stdout)).toMatchObject({ error: 'failure', exitCode: 1 })
  const second = await bobby!.json(...again, '--overwrite')
  expect(second.torrents[0].downloadedBytes).toBeLessThan(150_000)
  expect(await bobby!.run('torrent', 'verify', 'got/levels.torrent', 'data')).toMatchObject({ code: 0 })

  expect(await bobby!.run('torrent', 'verify', torrent.infoHashV2, 'data')).toMatchObject({ code: 0 })

  await writeFile(join(bobby!.home, 'data/levels/1820.csv'), 'spoilt')
  const bad = await bobby!.run('torrent', 'verify', 'got/levels.torrent', 'data')
  expect(bad).toMatchObject({ code: 1, stdout: expect.stringContaining('wrong size: 1820.csv') })
})

test('accepts an address, an infohash or a magnet link instead of a .torrent', async () => {
  const { infoHashV1, infoHashV2, magnet } = torrent
  for (const what of [`${mirror.url}levels.torrent`, infoHashV2, magnet])
    expect(await bobby!.json('torrent', 'inspect', what)).toMatchObject({ infoHashV1, infoHashV2 })
  const { torrents } = await bobby!.json('get', `${mirror.url}levels.torrent`, '-o', 'by-address')
  expect(torrents[0]).toMatchObject({ infoHashV2, saved: 'written' })
  expect(await bobby!.run('get', `${mirror.url}none.torrent`)).toMatchObject({ code: 3 })
  expect(await bobby!.run('get', `${mirror.url}levels/1820.csv`)).toMatchObject({ code: 1 })
  expect(await bobby!.run('get', 'magnet:?dn=levels')).toMatchObject({ code: 2 })
})

test('reports a .torrent in which other programs read another infohash', async () => {
  const info = `d6:lengthi3e4:name3:ice6:pieces20:${'x'.repeat(20)}12:piece lengthi16384ee`
  await writeFile(join(bobby!.home, 'odd.torrent'), `d4:info${info}e`)
  const { code, stderr } = await bobby!.run('torrent', 'inspect', 'odd.torrent')
  expect({ code, stderr }).toEqual({ code: 0, stderr: expect.stringContaining('not in canonical form') })
  expect((await bobby!.run('torrent', 'inspect', 'by-address/levels.torrent')).stderr).toBe('')
})

const clients = { aria2: '/usr/bin/aria2c', transmission: '/usr/bin/transmission-cli' }
/** Publishes one file with a webseed and a tracker that does not answer. */
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

test.skipIf(!needs('aria2 with a webseed alone', 'aria2c'))(
  'aria2 downloads a published hybrid torrent from a webseed alone',
  async () => {
    await using person = await startPerson(system.network, { account: system.network.accounts[0]! })
    await using server = await publishOneFile(person)
    const lonely = ['--enable-dht=false', '--enable-dht6=false', '--bt-enable-lpd=false']
    const args = [...lonely, '--seed-time=0', '--quiet', '--no-conf', `--dir=${join(person.home, 'got')}`]
    await run(clients.aria2, [...args, join(person.home, 'one.bin.torrent')], { timeout: 50_000 })
    expect(await isWhole(person, 'got/one.bin')).toBe(true)
    expect(server.requests).toContain('/one.bin')
  },
)

// Transmission 3.00 opens no hybrid .torrent at all, not even libtorrent's; its users need one that is v1 only.
test.skipIf(!needs('transmission with a webseed alone', 'transmission-cli'))(
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

test('Bobby publishes a successor of Alice’s dataset, once', async () => {
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

  // Her server is shut down, and what the AppView has stored is enough.
  await system.network.stopPds(0)
  const late = await system.network.createAccount('carol', 1)
  const env = { HOLDFAST_APPVIEW_URL: system.env.HOLDFAST_APPVIEW_URL }
  await using carol = await startPerson(system.network, { account: late, env })
  const saved = await carol.json('adopt', dataset)
  await system.network.restartPds(0)
  expect([saved.dataset, ...saved.torrents].map(({ action }) => action)).toEqual(['created', 'created'])
  expect(await record(saved.torrents[0].uri)).toMatchObject({ adoptedFrom: { uri: torrent.uri } })
})

test('a replaced torrent is marked, and those that a deleted dataset leaves are named', async () => {
  await writeFile(join(alice!.home, 'ice.csv'), 'year,days\n1820,12\n')
  const first = await alice!.json('publish', 'ice.csv', '--title', 'Ice on the Rhine', '--no-save')
  await writeFile(join(alice!.home, 'ice.csv'), 'year,days\n1820,13\n')
  const second = await alice!.json('publish', 'ice.csv', '--title', 'Ice on the Rhine', '--no-save')
  const [old, current] = [first.torrents[0].uri, second.torrents[0].uri]
  await eventually(
    'the new torrent to be indexed',
    async () => (await statusOf(bobby!, current)) === 'indexed',
  )
  expect((await bobby!.run('show', old)).stdout).toMatch(
    new RegExp(`^ice.csv \\(superseded\\)$[^]*^superseded by +${current}$`, 'm'),
  )
  expect((await bobby!.run('show', current)).stdout).not.toContain('superseded')

  const uri = first.dataset.uri
  expect(await alice!.json('delete', uri, '--yes')).toEqual({ deleted: [uri], torrentsLeft: [old, current] })
  const { stdout } = await alice!.run('delete', old, current, '--yes')
  expect(stdout).toBe('Deleted 2 records. Copies that others adopted are not affected.\n')
  await eventually('the status of the dataset to say so', async () =>
    /^unknown: record-deleted: /.test((await bobby!.run('status', uri)).stdout),
  )
})

test('Alice edits, exports and deletes her records', async () => {
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

  // What was exported can be imported again, with the same texts.
  await writeFile(join(bobby!.home, 'catalog.jsonld'), JSON.stringify(dcat))
  const back = await bobby!.run('import', 'catalog.jsonld', '--dry-run', '--json')
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
  // The adopted copies keep the content available.
  expect((await bobby!.json('show', torrent.infoHashV1)).torrents).toHaveLength(2)
})
