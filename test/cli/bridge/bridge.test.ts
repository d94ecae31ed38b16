import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { collections } from '@holdfast/lexicons/nsid'
import { parseMetainfo } from '@holdfast/torrent/metainfo'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { TestAccount } from '../../network/accounts.ts'
import { type Network, startNetwork } from '../../network/network.ts'
import { startFileServer } from '../file-server.ts'
import { type Json, startPerson } from '../run-holdfast.ts'
import { ckanPackages, startCkanServer } from './ckan-server.ts'
import { bridgeKilled } from './killed-runs.ts'
import { oaiRecords, startOaiServer } from './oai-server.ts'
import { type SourceServer, sendJson, startSourceServer } from './source-server.ts'

let network: Network
beforeAll(async () => {
  network = await startNetwork({ pdsCount: 1, accounts: 0, relay: false })
})
afterAll(() => network?.[Symbol.asyncDispose]())

let people = 0
async function startFollower() {
  const account = await network.createAccount(`follower${people++}`)
  const person = await startPerson(network, { account })
  const bridge = async (
    ...args: string[]
  ): Promise<{ lines: Json[]; summary: Json; code: number | null; stderr: string }> => {
    const { stdout, stderr, code } = await person.run('bridge', ...args, '--json')
    const lines = stdout
      .trimEnd()
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line))
    return { lines: lines.slice(0, -1), summary: lines.at(-1), code, stderr }
  }
  return { account, person, bridge, [Symbol.asyncDispose]: () => person[Symbol.asyncDispose]() }
}

async function datasetsOf({ agent, did }: TestAccount): Promise<Map<string, Json>> {
  const found = new Map<string, Json>()
  for (let cursor: string | undefined; ; ) {
    const page = await agent.com.atproto.repo.listRecords({
      repo: did,
      collection: collections.dataset,
      limit: 100,
      ...(cursor && { cursor }),
    })
    for (const { uri, value } of page.data.records) found.set(uri.split('/').at(-1)!, value)
    cursor = page.data.cursor
    if (!cursor) return found
  }
}

test('follows a CKAN catalog: new, changed and removed, and asks for nothing twice', async () => {
  await using source = await startCkanServer(ckanPackages(30))
  await using follower = await startFollower()
  const first = await follower.bridge(source.url)
  expect(first.summary).toMatchObject({ kind: 'ckan', listed: 30, created: 30, failed: 0 })
  expect((await datasetsOf(follower.account)).size).toBe(30)
  expect(new Set(source.answered).size).toBe(source.answered.length)

  source.answered.length = 0
  const second = await follower.bridge(source.url)
  expect(second.summary).toMatchObject({ created: 0, updated: 0, removed: 0, failed: 0 })
  expect(source.answered.length).toBeLessThanOrEqual(4)
  expect(source.answered.filter((path) => path.includes('package_show'))).toEqual([])

  source.put({ id: ckanPackages(1)[0]!.id, title: 'Water levels of gauge 0, corrected' })
  source.packages.delete(ckanPackages(8)[7]!.id)
  const third = await follower.bridge(source.url)
  expect(third.summary).toMatchObject({ created: 0, updated: 1, removed: 1, failed: 0 })
  const datasets = await datasetsOf(follower.account)
  expect(datasets.size).toBe(30)
  expect(datasets.get('gauge-0').title).toBe('Water levels of gauge 0, corrected')
  expect(datasets.get('gauge-7').sources).toContainEqual(
    expect.objectContaining({ url: `${source.url}/dataset/gauge-7`, status: 'removed' }),
  )
})

test('follows an OAI-PMH repository with resumption tokens and deleted records', async () => {
  await using source = await startOaiServer(oaiRecords(30), { pageSize: 12 })
  await using follower = await startFollower()
  const first = await follower.bridge(`${source.url}/oai`)
  expect(first.summary).toMatchObject({ kind: 'oai-pmh', listed: 30, created: 30, failed: 0 })
  const [, record] = [...(await datasetsOf(follower.account))][0]!
  expect(record).toMatchObject({
    title: expect.stringMatching(/^Tide table \d+ <of "harbor" & bay>$/),
    description: 'Heights & times.',
    license: { spdx: 'CC0-1.0' },
    identifiers: [{ scheme: 'doi' }],
  })

  source.answered.length = 0
  expect((await follower.bridge(`${source.url}/oai`)).summary).toMatchObject({ listed: 0, created: 0 })
  expect(source.answered).toEqual([expect.stringContaining('from=')])

  source.put({ identifier: 'oai:repo.example.edu:5', deleted: true })
  source.put({ identifier: 'oai:repo.example.edu:6', title: 'Tide table 6, new edition' })
  source.put({
    identifier: 'oai:repo.example.edu:200',
    title: 'An article',
    type: 'info:eu-repo/semantics/article',
  })
  const third = await follower.bridge(`${source.url}/oai`)
  expect(third.summary).toMatchObject({ updated: 1, removed: 1, others: 1 })
  expect((await datasetsOf(follower.account)).size).toBe(30)
})

test('a bridge that is killed three times writes each dataset once and asks nothing that it kept', async () => {
  const kills = [{ afterAnswers: 1 }, { afterPuts: 40 }, { afterPuts: 100 }]
  const { records, datasets, puts, repeated } = await bridgeKilled(network, 201, kills)
  expect({ records, datasets, puts }).toEqual({ records: 201, datasets: 201, puts: 201 })
  // An answer that the process did not live to keep is asked for again.
  expect(repeated).toBeLessThanOrEqual(1)
})

const entry = (i: number, title = `Levels of gauge ${i}`) => ({
  ...{ identifier: `gauge-${i}`, title, description: `Daily means of gauge ${i}.`, keyword: ['water'] },
  landingPage: `https://data.example.gov/gauges/${i}`,
})

/** A `data.json` whose entries can be changed. */
async function startDataJson(count: number): Promise<SourceServer & { entries: ReturnType<typeof entry>[] }> {
  const server = await startSourceServer((_url, response) => sendJson(response, { dataset: started.entries }))
  const started = Object.assign(server, { entries: Array.from({ length: count }, (_, i) => entry(i)) })
  return started
}

test('what the owner edited is kept field by field when the source changes, and is named', async () => {
  await using source = await startDataJson(2)
  await using follower = await startFollower()
  const url = `${source.url}/data.json`
  const { lines } = await follower.bridge(url)
  const { uri } = lines.find(({ sourceId }) => sourceId === 'gauge-0')
  await follower.person.json('edit', uri, '--set', 'title=My title', '--set', 'risk.level=endangered')
  source.entries[0] = { ...entry(0, 'Levels of the upper gauge'), description: 'Hourly means.' }
  const second = await follower.bridge(url)
  expect(second.lines).toEqual([
    expect.objectContaining({
      sourceId: 'gauge-0',
      action: 'updated',
      uri,
      kept: expect.arrayContaining(['title', 'risk']),
    }),
  ])
  expect((await datasetsOf(follower.account)).get('gauge-0')).toMatchObject({
    ...{ title: 'My title', description: 'Hourly means.', risk: { level: 'endangered' } },
  })
  // Fields with the owner's judgment have no other source.
  await follower.bridge(url, '--replace-fields', '--full')
  expect((await datasetsOf(follower.account)).get('gauge-0')).toMatchObject({
    ...{ title: 'Levels of the upper gauge', risk: { level: 'endangered' } },
  })
})

test('a dataset without an identifier that changes is updated in its place', async () => {
  await using source = await startDataJson(3)
  await using follower = await startFollower()
  const url = `${source.url}/data.json`
  const nameless = (text: string) =>
    source.entries.map(({ identifier: _, ...rest }) => ({
      ...rest,
      description: text,
    })) as typeof source.entries
  source.entries = nameless('Daily means.')
  expect((await follower.bridge(url)).summary).toMatchObject({ created: 3 })
  source.entries = nameless('Hourly means.')
  expect((await follower.bridge(url)).summary).toMatchObject({ created: 0, updated: 3, removed: 0 })
  expect((await datasetsOf(follower.account)).size).toBe(3)
})

test('a source that suddenly lists a tenth takes nothing away unless it is told to', async () => {
  await using source = await startDataJson(10)
  await using follower = await startFollower()
  const url = `${source.url}/data.json`
  await follower.bridge(url)
  const all = source.entries
  source.entries = all.slice(0, 1)
  const held = await follower.bridge(url)
  expect(held).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('9 datasets are gone from the source'),
  })
  expect(held.summary).toMatchObject({ error: 'failure' })
  expect(held.lines.at(-1)).toMatchObject({ removed: 0, held: 9 })
  // As many others in their place are no reason to believe it.
  source.entries = Array.from({ length: 9 }, (_, i) => entry(i + 100)).concat(all.slice(0, 1))
  expect((await follower.bridge(url)).lines.at(-1)).toMatchObject({ created: 9, removed: 0, held: 9 })
  // The fault is mended: the others are gone again, and nothing else is left of it.
  source.entries = all
  expect(await follower.bridge(url)).toMatchObject({ code: 0, summary: { updated: 0, removed: 9 } })
  source.entries = all.slice(0, 1)
  expect((await follower.bridge(url, '--yes')).summary).toMatchObject({ removed: 9 })
  const marked = (await datasetsOf(follower.account)).get('gauge-5')
  expect(marked.sources).toEqual([
    expect.objectContaining({
      url: 'https://data.example.gov/gauges/5',
      status: 'removed',
      lastSeenAt: expect.any(String),
    }),
  ])
  source.entries = all
  expect((await follower.bridge(url)).summary).toMatchObject({ updated: 9, removed: 0 })
  expect((await datasetsOf(follower.account)).get('gauge-5')).not.toHaveProperty('sources')
})

test('a dry run writes and remembers nothing, and a limit leaves the rest for the next run', async () => {
  await using source = await startDataJson(5)
  await using follower = await startFollower()
  const url = `${source.url}/data.json`
  const dry = await follower.person.run('bridge', url, '--dry-run')
  expect(dry.stdout).toContain('Would be: 5 datasets read: 5 created')
  expect((await datasetsOf(follower.account)).size).toBe(0)
  expect((await follower.bridge(url, '--limit', '2')).summary).toMatchObject({ created: 2, isLimited: true })
  expect((await datasetsOf(follower.account)).size).toBe(2)
  expect((await follower.bridge(url)).summary).toMatchObject({ created: 3 })
})

test('--files makes torrents of the files that datasets name, once for each change of them', async () => {
  await using source = await startDataJson(2)
  await using follower = await startFollower()
  await writeFile(join(follower.person.home, 'levels.csv'), 'day,cm\n1,312\n')
  await using origin = await startFileServer(follower.person.home)
  const url = `${source.url}/data.json`
  const withFiles = (...files: string[]) => ({
    ...entry(0),
    distribution: files.map((file) => ({ downloadURL: `${origin.url}${file}`, mediaType: 'text/csv' })),
  })
  source.entries[0] = withFiles('levels.csv')
  const files = ['--files', 'torrents', '--tracker', 'http://t.example/announce']
  const first = await follower.bridge(url, ...files)
  expect(first.summary).toMatchObject({ created: 2, torrents: 1, unread: 0 })
  const { torrent } = first.lines.find((line) => line.torrent)
  expect(parseMetainfo(await readFile(join(follower.person.home, torrent.file)))).toMatchObject({
    ...{ infoHashV2: torrent.infoHashV2, webseeds: [{ url: `${origin.url}levels.csv` }] },
  })
  // Only the description changes, so the file is not read again; a file that is not there is named, and tried again later.
  const { length } = origin.requests
  source.entries[0] = { ...withFiles('levels.csv'), description: 'Means of each day.' }
  expect((await follower.bridge(url, ...files)).summary).toMatchObject({ updated: 1 })
  expect(origin.requests).toHaveLength(length)
  source.entries[0] = withFiles('levels.csv', 'missing.csv')
  const third = await follower.bridge(url, ...files)
  expect(third).toMatchObject({ code: 1, summary: { updated: 1, unread: 1 } })
})

test('--files asks a Dataverse that is followed by OAI-PMH for the files of its datasets', async () => {
  await using source = await startOaiServer([
    { identifier: 'doi:10.5072/FK2/TIDES', datestamp: '2026-01-01T00:00:00Z', title: 'Tides', page: null },
  ])
  const bytes = 'day,cm\n1,312\n'
  source.interfere = (request, response) => {
    if (request.url!.startsWith('/api/datasets/')) {
      const dataFile = { id: 7, filename: 'tides.csv', filesize: bytes.length }
      sendJson(response, { data: { latestVersion: { files: [{ label: 'tides.csv', dataFile }] } } })
    } else if (request.url!.startsWith('/api/access/datafile/7')) {
      response.writeHead(200, { 'content-length': bytes.length, etag: '"7"' })
      response.end(request.method === 'HEAD' ? undefined : bytes)
    } else return false
    return true
  }
  await using follower = await startFollower()
  const { summary, lines } = await follower.bridge(
    `${source.url}/oai`,
    '--files',
    't',
    '--tracker',
    'http://t.example/a',
  )
  expect(summary).toMatchObject({ created: 1, torrents: 1, unread: 0 })
  const { torrent } = lines.find((line) => line.torrent)
  expect(parseMetainfo(await readFile(join(follower.person.home, torrent.file)))).toMatchObject({
    ...{
      name: 'tides.csv',
      sizeBytes: bytes.length,
      webseeds: [{ url: `${source.url}/api/access/datafile/7` }],
    },
  })
})

test('a record that its owner deleted is not written again', async () => {
  await using source = await startDataJson(2)
  await using follower = await startFollower()
  const url = `${source.url}/data.json`
  const { lines } = await follower.bridge(url)
  await follower.person.run('delete', lines[0].uri, '--yes')
  source.entries = source.entries.map((_, i) => entry(i, `Levels of gauge ${i}, corrected`))
  const { summary } = await follower.bridge(url)
  expect(summary).toMatchObject({ created: 0, updated: 1, skipped: 1 })
  expect((await datasetsOf(follower.account)).size).toBe(1)
})

test('records of the same data that are there already are taken up and not doubled', async () => {
  await using source = await startDataJson(2)
  await using follower = await startFollower()
  const url = `${source.url}/data.json`
  await follower.person.run('import', url)
  const { summary } = await follower.bridge(url)
  expect(summary).toMatchObject({ created: 0, unchanged: 2 })
  expect((await datasetsOf(follower.account)).size).toBe(2)
})

test('a bridge of the same account and address that runs already is not disturbed', async () => {
  await using source = await startDataJson(1)
  await using follower = await startFollower()
  const url = `${source.url}/data.json`
  const { promise: isAsked, resolve } = Promise.withResolvers<void>()
  source.interfere = () => {
    resolve()
    return true
  }
  const { child, ended } = follower.person.start('bridge', url)
  await isAsked
  const second = await follower.person.run('bridge', url)
  expect(second).toMatchObject({ code: 1, stderr: expect.stringContaining('is running') })
  child.kill('SIGTERM')
  expect(await ended).toMatchObject({
    code: 130,
    stderr: expect.stringContaining('run the same command again'),
  })
})

test('--schedule prints a line for cron and units for systemd, and asks nobody', async () => {
  await using follower = await startFollower()
  const { stdout } = await follower.person.run(
    'bridge',
    'https://c.example.gov/a%20b?x=1',
    '--set',
    'two words',
    '--schedule',
    '--json',
  )
  const { cron, units } = JSON.parse(stdout)
  expect(cron).toMatch(
    /^\d+ \d+ \* \* \* \S+ \S+ bridge 'https:\/\/c\.example\.gov\/a\\%20b\?x=1' --set 'two words' --quiet$/,
  )
  expect(units['holdfast-bridge-c.example.gov.service']).toContain(
    'bridge "https://c.example.gov/a%%20b?x=1" --set "two words" --quiet',
  )
  expect(units['holdfast-bridge-c.example.gov.timer']).toMatch(/OnCalendar=\*-\*-\* \d\d:\d\d:00/)
})
