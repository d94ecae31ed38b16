/**
 * Measures honest announces while connects arrive from a million addresses, compared with the same flood sent to a
 * socket that nobody reads, which takes the flood's own processor time. The tracker has one core, both generators the
 * other.
 */
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import type { Bench } from './main.ts'
import { buildBatchSockets, type Generator, type LoadResult, makeGenerator } from './tracker/generator.ts'
import { startServer } from './tracker/servers.ts'

const floodLimit = 50_000
const addresses = 1_000_000
const torrentCount = 1000
const peerCount = 100_000

export const run: Bench = async ({ quick, log }) => {
  const directory = await mkdtemp(path.join(os.tmpdir(), 'holdfast-bench-'))
  await using _ = { [Symbol.asyncDispose]: () => rm(directory, { recursive: true }) }
  await chmod(directory, 0o755)
  const generator = makeGenerator(directory)
  if (!generator.floods) throw new Error('this bench needs Linux and a C compiler to make its flood')
  log(`sockets of the tracker: ${buildBatchSockets()}`)
  const hashFile = path.join(directory, 'hashes')
  await writeFile(hashFile, await generator.hashes(torrentCount))
  await using server = await startServer('holdfast', hashFile)
  const bench = { generator, server, seconds: quick ? 0.5 : 2, rounds: quick ? 1 : 4, log }
  await generator.run({ mode: 'udp', ...shapeOf(server), fill: true })

  const alone = await flood(bench, { port: server.port, rate: floodLimit })
  const known = await compare(bench, 'clients with a connection id', {})
  const newcomers = await compare(bench, 'clients that connect first', { connect: true })
  // The rate at which 18 million peers announce, and all the connects that its core can send at the same time.
  const steady = { rate: 10_000, window: 4096, floodRate: 0 }
  const greatest = await compare(bench, '10,000 announces a second, greatest flood', steady)
  return {
    figures: {
      floodPerSecond: alone.sent / alone.seconds,
      connectUs: alone.serverUsEach,
      floodThatHalvesPerSecond: 500_000 / alone.serverUsEach,
      announcesPerSecond: known.beside.perSecond,
      announcesPerSecondFlooded: known.through.perSecond,
      announceP99Us: known.beside.p99Us,
      announceP99UsFlooded: known.through.p99Us,
      newcomersPerSecond: newcomers.beside.perSecond,
      newcomersPerSecondFlooded: newcomers.through.perSecond,
      newcomerP99Us: newcomers.beside.p99Us,
      newcomerP99UsFlooded: newcomers.through.p99Us,
    },
    ratios: {
      announcesKept: kept(known),
      newcomersKept: kept(newcomers),
      steadyKeptGreatestFlood: kept(greatest),
    },
  }
}

interface FloodRun {
  generator: Generator
  server: { port: number; pid: number }
  seconds: number
  rounds: number
  log: (line: string) => void
}

/** `floodRate` 0 means as many connects as can be sent. */
interface Honest {
  connect?: boolean
  rate?: number
  window?: number
  floodRate?: number
}

/** The best round of each kind: with the flood sent elsewhere, and sent to the tracker. */
interface Compared {
  beside: LoadResult
  through: LoadResult
}

const kept = ({ beside, through }: Compared): number => through.perSecond / beside.perSecond

const shapeOf = ({ port, pid }: FloodRun['server']) => ({
  port,
  pid,
  torrents: torrentCount,
  peers: peerCount,
})

/** The kinds alternate, so that other load on this machine affects both; the best rounds were affected least. */
async function compare(bench: FloodRun, what: string, honest: Honest): Promise<Compared> {
  const { floodRate = floodLimit, ...options } = honest
  const best: Partial<Compared> = {}
  for (let round = 0; round < bench.rounds; round++) {
    for (const [name, port] of [
      ['beside', undefined],
      ['through', bench.server.port],
    ] as const) {
      const flooding = flood(bench, { port, rate: floodRate })
      await wait(200)
      const { generator, seconds } = bench
      const result = await generator.run({ mode: 'udp', ...shapeOf(bench.server), ...options, seconds })
      await flooding
      if (result.perSecond > (best[name]?.perSecond ?? 0)) best[name] = result
    }
  }
  const { beside, through } = best as Compared
  const said = ({ perSecond, p99Us, lost }: LoadResult): string =>
    `${Math.round(perSecond).toLocaleString('en')}/s, p99 ${p99Us} µs, ${lost} lost`
  bench.log(`${what}: ${said(beside)} with the flood beside, ${said(through)} through it`)
  return { beside, through }
}

/** Runs until an honest run that starts a moment later is over. */
function flood(
  { generator, server, seconds }: FloodRun,
  { port, rate }: { port: number | undefined; rate: number },
): Promise<LoadResult> {
  const to = port === undefined ? {} : { port, pid: server.pid }
  return generator.run({ mode: 'flood', ...to, peers: addresses, seconds: seconds + 0.6, rate })
}
