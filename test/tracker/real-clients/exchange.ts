/**
 * Runs inside a network namespace of its own: exchange.ts FOLDER SOCKETS CLIENT makes a file and a torrent for every
 * route to the tracker, seeds them with libtorrent and has the client download them. The tracker uses SOCKETS, a file
 * that native/build.mjs built, or Node's own sockets if there is none. It prints one JSON line.
 */
import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { createTorrent } from '@holdfast/torrent/create'
import { ownAllowList } from '@holdfast/tracker/allow-list/source'
import { loadConfig } from '@holdfast/tracker/config'
import { startTracker } from '@holdfast/tracker/main'
import { loadBatchSockets } from '@holdfast/tracker/net/batch-sockets'
import { type RealClient, type Route, realClients, routes } from './clients.ts'

const [folder, sockets, name] = process.argv.slice(2) as [string, string, string]
const urls: Record<Route, string> = {
  'http-ipv4': 'http://10.77.0.1:6969/announce',
  'udp-ipv4': 'udp://10.77.0.1:6969/announce',
  'http-ipv6': 'http://[fd77::1]:6969/announce',
  'udp-ipv6': 'udp://[fd77::1]:6969/announce',
}
const address = (number: number) => ({ ipv4: `10.77.0.${number}`, ipv6: `fd77::${number}` })

execFileSync('ip', ['link', 'set', 'lo', 'up'])
for (let number = 1; number < 10; number++) {
  execFileSync('ip', ['addr', 'add', `${address(number).ipv4}/32`, 'dev', 'lo'])
  execFileSync('ip', ['addr', 'add', `${address(number).ipv6}/128`, 'dev', 'lo', 'nodad'])
}

const source = path.join(folder, 'seed')
await mkdir(source)
const entries: { infoHashV1: string }[] = []
for (const route of routes) {
  const file = path.join(source, `${route}.bin`)
  await writeFile(file, randomBytes(300_000))
  // The torrents are v1, because not all of these clients support v2.
  const torrent = await createTorrent(file, {
    version: 'v1',
    trackers: [{ url: urls[route], tier: 0 }],
    pieceLengthBytes: 16_384,
  })
  await writeFile(path.join(folder, `${route}.torrent`), torrent.metainfo)
  entries.push({ infoHashV1: torrent.infoHashV1! })
}

const transport = loadBatchSockets(sockets) === undefined ? 'dgram' : 'batch'
const config = loadConfig({ HOLDFAST_LOG_LEVEL: 'silent' })
await using tracker = await startTracker(config, { allowList: ownAllowList(entries) })
const torrentsOf = (of: readonly Route[]): string[] =>
  of.map((route) => path.join(folder, `${route}.torrent`))
const seeder = realClients.find((client) => client.name === 'libtorrent')!
const home = await mkdirs('seeder-home')
await using _seeding = await seeder.start({
  ...address(2),
  folder: source,
  home,
  torrents: torrentsOf(routes),
})
await swarms((all) => all.length === routes.length && all.every(([, seeders]) => seeders === 1))

const fetching = realClients.find((each) => each.name === name)!
console.log(JSON.stringify({ transport, routes: await exchange(fetching, 3) }))

/** The seconds that each route took. */
async function exchange(client: RealClient, number: number): Promise<Partial<Record<Route, number>>> {
  const wanted = routes.filter((route) => client.lacks[route] === undefined)
  const target = await mkdirs(`${client.name}-files`)
  const own = { ...address(number), folder: target, home: await mkdirs(`${client.name}-home`) }
  const begun = performance.now()
  await using _running = await client.start({ ...own, torrents: torrentsOf(wanted) })
  const took: Partial<Record<Route, number>> = {}
  while (Object.keys(took).length < wanted.length && performance.now() - begun < 180_000) {
    await new Promise((again) => setTimeout(again, 100))
    for (const route of wanted) {
      if (took[route] === undefined && (await same(route, target)))
        took[route] = (performance.now() - begun) / 1000
    }
  }
  return took
}

async function same(route: Route, target: string): Promise<boolean> {
  const [one, other] = await Promise.all(
    [source, target].map((each) => readFile(path.join(each, `${route}.bin`)).catch(() => Buffer.alloc(0))),
  )
  return one!.length > 0 && one!.equals(other!)
}

async function mkdirs(name: string): Promise<string> {
  const made = path.join(folder, name)
  await mkdir(made)
  return made
}

async function swarms(enough: (all: [string[], number, number, number][]) => boolean): Promise<void> {
  for (const deadline = Date.now() + 60_000; Date.now() < deadline; ) {
    const answer = await fetch(`http://127.0.0.1:${tracker.port}/swarms`)
    if (enough(((await answer.json()) as { swarms: [string[], number, number, number][] }).swarms)) return
    await new Promise((again) => setTimeout(again, 100))
  }
  throw new Error('the seeder did not announce every torrent')
}
process.exit(0)
