import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { Writable } from 'node:stream'
import { pino } from 'pino'
import { expect, onTestFinished, test, vi } from 'vitest'
import { openSwarmMemory } from '../swarms/memory.ts'
import { Swarms } from '../swarms/swarms.ts'
import type { AllowListEntry } from './entries.ts'
import { followAppViews } from './follow.ts'
import { ListServer } from './list-server.ts'
import { newAllowListTarget } from './target.ts'

const v1 = (digit: string): AllowListEntry => ({ infoHashV1: digit.repeat(40) })
const hybrid = { infoHashV1: 'a'.repeat(40), infoHashV2: 'b'.repeat(64) }

async function newDirectory(): Promise<string> {
  const directory = await mkdtemp(path.join(os.tmpdir(), 'holdfast-tracker-'))
  onTestFinished(() => rm(directory, { recursive: true }))
  return directory
}

/** The swarms of a tracker with their allow-list. */
function follow(urls: string[], directory: string, maxAgeMs = 60_000, maxTorrents = 1000) {
  const swarms = new Swarms(openSwarmMemory({ maxTorrents, peerBytes: 1 << 20 }))
  const lines: string[] = []
  const log = pino(
    { level: 'info' },
    new Writable({ write: (line, _, done) => done(void lines.push(String(line))) }),
  )
  const start = followAppViews({ urls, directory, maxAgeMs, startedAtMs: Date.now(), log })
  const list = start(newAllowListTarget(swarms))
  const torrent = (hash: string): number => swarms.allowed.torrentOf(Buffer.from(hash.slice(0, 40), 'hex'), 0)
  const allows = (entry: AllowListEntry): boolean => torrent((entry.infoHashV1 ?? entry.infoHashV2)!) !== 0
  return { list, swarms, torrent, allows, lines, [Symbol.asyncDispose]: () => list[Symbol.asyncDispose]() }
}

test('reads the list page by page and then follows it', async () => {
  await using server = new ListServer()
  for (const digit of '12345') server.add(v1(digit))
  server.add(hybrid)
  await server.start()
  await using tracker = follow([server.url], await newDirectory())
  expect(tracker.list.ready()).toBe(false)
  await vi.waitFor(() => expect(tracker.list.ready()).toBe(true), 10_000)
  expect(tracker.swarms.totals()).toMatchObject({ torrents: 6, infoHashes: 7 })
  expect(tracker.torrent(hybrid.infoHashV1)).toBe(tracker.torrent(hybrid.infoHashV2))

  server.add(v1('6'))
  await vi.waitFor(() => expect(tracker.allows(v1('6'))).toBe(true))
  server.remove(v1('1'))
  server.remove(hybrid)
  await vi.waitFor(() => expect(tracker.allows({ infoHashV2: hybrid.infoHashV2 })).toBe(false))
  expect(tracker.swarms.totals()).toMatchObject({ torrents: 5, infoHashes: 5 })
  expect(server.listed).toBe(1)
})

test('catches up from its cursor with changes made while the AppView was away', async () => {
  await using server = new ListServer()
  server.add(v1('1'))
  server.add(v1('2'))
  await server.start()
  await using tracker = follow([server.url], await newDirectory())
  await vi.waitFor(() => expect(tracker.list.ready()).toBe(true), 10_000)
  await server.stop()
  server.remove(v1('1'))
  server.add(v1('3'))
  expect(tracker.allows(v1('1'))).toBe(true)
  await server.start()
  await vi.waitFor(() => expect(tracker.allows(v1('3'))).toBe(true), 10_000)
  expect(tracker.allows(v1('1'))).toBe(false)
  expect(server.listed).toBe(1)
})

test('reads the whole list again when the epoch changes', async () => {
  await using server = new ListServer()
  server.add(v1('1'))
  server.add(v1('2'))
  await server.start()
  await using tracker = follow([server.url], await newDirectory())
  await vi.waitFor(() => expect(tracker.list.ready()).toBe(true), 10_000)
  server.restore([v1('2'), v1('9')])
  await vi.waitFor(() => expect(tracker.allows(v1('9'))).toBe(true), 10_000)
  await vi.waitFor(() => expect(tracker.allows(v1('1'))).toBe(false))
  expect(tracker.allows(v1('2'))).toBe(true)
})

test('serves a torrent until the last of several AppViews removes it', async () => {
  await using one = new ListServer()
  await using other = new ListServer()
  one.add(v1('1'))
  one.add(v1('2'))
  other.add(v1('2'))
  other.add(v1('3'))
  await one.start()
  await other.start()
  await using tracker = follow([one.url, other.url], await newDirectory())
  await vi.waitFor(() => expect(tracker.swarms.totals().torrents).toBe(3))
  one.remove(v1('2'))
  one.add(v1('4'))
  await vi.waitFor(() => expect(tracker.allows(v1('4'))).toBe(true))
  expect(tracker.allows(v1('2'))).toBe(true)
  other.remove(v1('2'))
  await vi.waitFor(() => expect(tracker.allows(v1('2'))).toBe(false))
})

test('after a restart without the AppView, serves a recent saved list', async () => {
  const directory = await newDirectory()
  await using server = new ListServer()
  server.add(v1('1'))
  server.add(hybrid)
  await server.start()
  {
    await using tracker = follow([server.url], directory)
    await vi.waitFor(() => expect(tracker.list.ready()).toBe(true), 10_000)
    server.add(v1('2'))
    await vi.waitFor(() => expect(tracker.allows(v1('2'))).toBe(true))
  }
  await server.stop()
  {
    await using tracker = follow([server.url], directory)
    await vi.waitFor(() => expect(tracker.list.ready()).toBe(true), 10_000)
    expect(tracker.allows(v1('2'))).toBe(true)
    expect(tracker.torrent(hybrid.infoHashV1)).toBe(tracker.torrent(hybrid.infoHashV2))
    expect(tracker.list.ageSeconds()).toBeGreaterThan(0)
    server.remove(v1('2'))
    await server.start()
    await vi.waitFor(() => expect(tracker.allows(v1('2'))).toBe(false), 10_000)
  }
  await server.stop()
  await using tooOld = follow([server.url], directory, 0)
  const [file] = await readdir(directory)
  expect((await readFile(path.join(directory, file!))).length).toBeGreaterThan(60)
  expect(tooOld.list.ready()).toBe(false)
})

test('does not serve a damaged saved list', async () => {
  const directory = await newDirectory()
  await using server = new ListServer()
  server.add(v1('1'))
  await server.start()
  {
    await using tracker = follow([server.url], directory)
    await vi.waitFor(() => expect(tracker.list.ready()).toBe(true), 10_000)
  }
  await server.stop()
  const file = path.join(directory, (await readdir(directory))[0]!)
  const bytes = await readFile(file)
  bytes[30]! ^= 1
  await writeFile(file, bytes)
  await using tracker = follow([server.url], directory)
  expect(tracker.list.ready()).toBe(false)
  await server.start()
  await vi.waitFor(() => expect(tracker.list.ready()).toBe(true), 10_000)
  expect(tracker.swarms.totals().torrents).toBe(1)
})

test('asks again only for the page that failed', async () => {
  await using server = new ListServer()
  for (let entry = 0; entry < 12; entry++) server.add({ infoHashV1: entry.toString(16).padStart(40, '0') })
  server.failing.add(6)
  await server.start()
  await using tracker = follow([server.url], await newDirectory())
  await vi.waitFor(() => expect(tracker.list.ready()).toBe(true), 10_000)
  expect(tracker.swarms.totals().torrents).toBe(12)
  expect(server.asked.filter((from) => from < 6)).toEqual([0, 2, 4])
  expect(server.asked.filter((from) => from === 6)).toHaveLength(2)
})

test('a list that is read again keeps nothing of a failed attempt', async () => {
  await using server = new ListServer()
  for (const digit of '123456') server.add(v1(digit))
  server.failing.add(4)
  await server.start()
  await using tracker = follow([server.url], await newDirectory())
  await vi.waitFor(() => expect(server.failing.size).toBe(0), 10_000)
  server.restore([v1('1'), v1('9'), v1('8')])
  await vi.waitFor(() => expect(tracker.list.ready()).toBe(true), 10_000)
  expect(tracker.swarms.totals().torrents).toBe(3)
})

test('after a restart, continues from the saved list without reading it again', async () => {
  const directory = await newDirectory()
  await using server = new ListServer()
  for (const digit of '12345') server.add(v1(digit))
  await server.start()
  for (const added of ['6', '7', '8']) {
    await using tracker = follow([server.url], directory)
    await vi.waitFor(() => expect(tracker.list.ready()).toBe(true), 10_000)
    server.remove(v1(String(Number(added) - 5)))
    server.add(v1(added))
    await vi.waitFor(() => expect(tracker.allows(v1(added))).toBe(true), 10_000)
    expect(tracker.swarms.totals().torrents).toBe(5)
  }
  expect(server.listed).toBe(1)
})

test('reports a list that does not fit once, without reading it again', async () => {
  await using server = new ListServer()
  for (const digit of '123456789') server.add(v1(digit))
  await server.start()
  await using tracker = follow([server.url], await newDirectory(), 60_000, 5)
  await vi.waitFor(() => expect(tracker.list.ready()).toBe(true), 10_000)
  expect(tracker.list.leftOut()).toBe(4)
  server.add(v1('a'))
  await vi.waitFor(() => expect(tracker.list.leftOut()).toBe(5), 10_000)
  expect(tracker.lines.filter((line) => line.includes('HOLDFAST_TRACKER_MAX_TORRENTS'))).toHaveLength(1)
  expect(server.listed).toBe(1)
})

test('serves what comes before the point where the saved list was cut off', async () => {
  const directory = await newDirectory()
  await using server = new ListServer()
  server.add(v1('1'))
  await server.start()
  {
    await using tracker = follow([server.url], directory)
    await vi.waitFor(() => expect(tracker.list.ready()).toBe(true), 10_000)
  }
  await server.stop()
  const file = path.join(directory, (await readdir(directory))[0]!)
  await writeFile(file, (await readFile(file)).subarray(0, -3))
  await using tracker = follow([server.url], directory)
  await vi.waitFor(() => expect(tracker.list.ready()).toBe(true), 10_000)
  expect(tracker.allows(v1('1'))).toBe(true)
})
