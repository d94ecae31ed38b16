import { mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { loadConfig } from '@holdfast/appview/config'
import { startAppView } from '@holdfast/appview/main'
import { createScratchDatabase } from '@holdfast/appview/testing/backends'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Json, type Person, startPerson } from '../cli/run-holdfast.ts'
import { waitFor } from '../network/wait-for.ts'
import { environmentFor } from '../system/environment.ts'
import { databaseUrl, needs } from '../system/requirements.ts'
import { type System, startSystem } from '../system/system.ts'

// One story in several tests: Alice describes a site that will go dark and divides it; Bobby and Carol, who ask two indexes that
// know nothing of each other, gather it.
let directory: string
let system: System
let second: Awaited<ReturnType<typeof startAppView>>
let [alice, bobby, carol]: Person[] = []
let site: Site
let database: Awaited<ReturnType<typeof createScratchDatabase>>
let dataset: string

const files = 12
/** A site of this machine may be asked as fast as it answers. */
const env = { HOLDFAST_PACE_PER_HOST: '100000' }
const perPart = 3

const isHere = needs('gathering over two indexes', 'PostgreSQL')

describe.skipIf(!isHere)('two indexes, one of them on PostgreSQL', () => {
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'holdfast-gathering-'))
    system = await startSystem({ directory, pdsCount: 2, accounts: ['alice', 'bobby', 'carol'], env })
    const beside = join(directory, 'second')
    await mkdir(beside)
    database = await createScratchDatabase(databaseUrl())
    const usual = {
      ...(await environmentFor(system.network, {
        sources: [system.network.relayUrl],
        directory: beside,
        databaseUrl: database.url,
      })),
      HOLDFAST_TRACKERS: system.env.HOLDFAST_TRACKERS,
      ...env,
    }
    second = await startAppView(loadConfig(usual))
    const [first, other] = [system.env.HOLDFAST_APPVIEW_URL, usual.HOLDFAST_APPVIEW_URL]
    const urls = [first, first, other]
    ;[alice, bobby, carol] = await Promise.all(
      system.network.accounts.map((account, n) =>
        startPerson(system.network, { account, env: { HOLDFAST_APPVIEW_URL: urls[n]! } }),
      ),
    )
    site = await startSite()
  })
  afterAll(async () => {
    await site?.[Symbol.asyncDispose]()
    await second?.[Symbol.asyncDispose]()
    await system?.[Symbol.asyncDispose]()
    await database?.[Symbol.asyncDispose]()
    for (const person of [alice, bobby, carol]) await person?.[Symbol.asyncDispose]()
    await rm(directory, { recursive: true, force: true })
  })

  const eventually = <T>(what: string, look: () => Promise<T>) =>
    waitFor(look as Json, { what, timeoutMs: 60_000, intervalMs: 200 }) as Promise<T>
  const countsFor = async (person: Person) => (await person.json('parts', 'list', dataset)).counts

  test('Alice describes a site in one line and divides it', async () => {
    const target = await alice!.json('target', 'add', site.url, '--gone', '2026-12-05', '--title', 'Tides')
    dataset = target.uri
    const divided = await alice!.json(
      'parts',
      'add',
      dataset,
      '--urls',
      `${site.url}urls.txt`,
      '--per',
      String(perPart),
    )
    expect(divided.parts).toHaveLength(files / perPart)
    const again = await alice!.json(
      'parts',
      'add',
      dataset,
      '--urls',
      `${site.url}urls.txt`,
      '--per',
      String(perPart),
    )
    expect(again.parts.map(({ action }: { action: string }) => action)).toEqual(
      Array(files / perPart).fill('unchanged'),
    )
    const part = divided.parts[0].uri
    await alice!.json('edit', part, '--set', 'title=The oldest gauges')
    await alice!.json('parts', 'add', dataset, '--urls', `${site.url}urls.txt`, '--per', String(perPart))
    for (const person of [bobby!, carol!])
      await eventually(
        'both indexes to have the parts',
        async () => (await countsFor(person)).open === files / perPart,
      )
    await eventually(
      'what Alice changed to be kept',
      async () => (await bobby!.json('parts', 'show', part)).part.record.title === 'The oldest gauges',
    )
  })

  test('a part that Bobby takes is handed to nobody else, until he gives it back', async () => {
    const taken = await bobby!.json('claim', 'next', dataset)
    expect(taken.part.deadline).toBe('2026-12-05')
    await eventually('the other index to see the claim', async () => (await countsFor(carol!)).taken === 1)
    const list = await carol!.json('parts', 'list', dataset, '--state', 'claimed')
    expect(list.parts[0]).toMatchObject({ uri: taken.part.uri, claims: [{ standing: 'holder' }] })
    await bobby!.json('claim', 'release')
    await eventually('both to offer it again', async () => (await countsFor(carol!)).open === files / perPart)
  })

  test('Bobby and Carol gather everything, and each file is fetched once', async () => {
    site.forget()
    const work = (person: Person) => person.run('work', dataset, '--no-wait', '--dir', 'gathered')
    const ran = await Promise.all([work(bobby!), work(carol!)])
    expect(ran.map(({ code, stderr }) => (code === 0 ? code : stderr))).toEqual([0, 0])
    for (const person of [bobby!, carol!])
      await eventually(
        'all parts to be gathered',
        async () => (await countsFor(person)).gathered === files / perPart,
      )
    const { parts } = await bobby!.json('parts', 'list', dataset)
    for (const part of parts) expect(part.torrents.length).toBeGreaterThan(0)
    expect(site.readings() / files).toBeLessThanOrEqual(1.05)
    const kept = (
      await Promise.all([bobby!, carol!].map((person) => filesBelow(join(person.home, 'gathered'))))
    ).flat()
    for (let n = 0; n < files; n++) {
      const copy = kept.find((path) => path.endsWith(`/${n}.csv`))
      expect((await readFile(copy!)).equals(contentOf(n))).toBe(true)
    }
    expect((await bobby!.run('claim', 'next', dataset, '--json')).code).toBe(3)
  })

  test('a worker that is killed goes on with its part, and fetches no file again', async () => {
    const { uri } = await alice!.json('target', 'add', `${site.url}slow/`, '--title', 'Slow tides')
    const addresses = ['20.csv', '21.csv', '22.csv'].map((name) => `${site.url}${name}`)
    await alice!.json('parts', 'add', uri, ...addresses)
    const countsOf = async () => (await bobby!.json('parts', 'list', uri)).counts
    await eventually('the index to have the part', async () => (await countsOf()).open === 1)
    site.forget()
    site.stallAt('22.csv')
    const working = bobby!.start('work', uri, '--no-wait', '--dir', 'gathered')
    await eventually('the last file to be asked for', async () => site.isStalling())
    working.child.kill('SIGKILL')
    await working.ended
    expect((await countsOf()).taken).toBe(1)
    site.stallAt(undefined)
    expect((await bobby!.run('work', uri, '--no-wait', '--dir', 'gathered')).code).toBe(0)
    await eventually('the part to be gathered', async () => (await countsOf()).gathered === 1)
    // The file that was cut off is asked for a second time.
    expect(site.readings()).toBeLessThanOrEqual(addresses.length + 1)
  })
})

interface Site extends AsyncDisposable {
  readonly url: string
  /** How often a file was asked for as a whole since {@link forget}; indexes that check a webseed ask for a range. */
  readings(): number
  forget(): void
  /** From now on this file is begun and never finished. */
  stallAt(name: string | undefined): void
  isStalling(): boolean
}

/** A site that is about to go dark: some files, a list of them, and a count of what is asked for. */
async function startSite(): Promise<Site> {
  let readings = 0
  let stalled: string | undefined
  let isStalling = false
  const server: Server = createServer((request, response) => {
    const n = /^\/tides\/(\d+)\.csv$/.exec(request.url ?? '')?.[1]
    if (request.url === '/tides/urls.txt')
      response.end(Array.from({ length: files }, (_, n) => `${url}${n}.csv\n`).join(''))
    else if (n === undefined) response.writeHead(404).end()
    else {
      const bytes = contentOf(Number(n))
      const from = Number(/^bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0)
      response.setHeader('etag', `"${n}"`)
      response.setHeader('accept-ranges', 'bytes')
      response.setHeader('content-length', bytes.length - from)
      if (request.method === 'HEAD') response.end()
      else {
        if (request.headers.range === undefined) readings++
        if (from > 0)
          response.writeHead(206, { 'content-range': `bytes ${from}-${bytes.length - 1}/${bytes.length}` })
        if (stalled === undefined || !request.url!.endsWith(stalled)) response.end(bytes.subarray(from))
        else {
          isStalling = true
          response.write(bytes.subarray(from, from + 100))
        }
      }
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/tides/`
  return {
    url,
    readings: () => readings,
    forget: () => {
      readings = 0
    },
    stallAt: (name) => {
      stalled = name
    },
    isStalling: () => isStalling,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

function contentOf(n: number): Buffer {
  return Buffer.alloc(40_000 + n, `${n},`)
}

async function filesBelow(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true }).catch(() => [])
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
}
