/**
 * Compares the tracker with bittorrent-tracker and opentracker: the server runs on one core with its whole allow-list
 * loaded, the generator on the other, and each server gets the same requests in turn.
 */
import { execFile } from 'node:child_process'
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { Bench } from './main.ts'
import { buildBatchSockets, type Generator, type LoadResult, makeGenerator } from './tracker/generator.ts'
import { isInstalled, type ServerName, startServer } from './tracker/servers.ts'

export const run: Bench = async ({ quick, log }) => {
  const directory = await mkdtemp(path.join(os.tmpdir(), 'holdfast-bench-'))
  await using _ = { [Symbol.asyncDispose]: () => rm(directory, { recursive: true }) }
  // opentracker reads its whitelist as the user nobody.
  await chmod(directory, 0o755)
  const generator = makeGenerator(directory)
  log(`generator: ${generator.description}`)
  log(`sockets of the tracker: ${buildBatchSockets()}`)
  const bench = { generator, directory, seconds: quick ? 1 : 6, scale: quick ? 0.1 : 1, log }
  const peers: ServerName[] = ['bittorrent-tracker']
  if (isInstalled('opentracker')) peers.push('opentracker')
  else log('left out: opentracker is not installed')

  const ours = await measure(bench, 'holdfast')
  const figures: Record<string, number> = { ...ours.rates, echoLimit: await echoLimit(bench) }
  figures.bytesPerPeer = (ours.grownKB * 1024) / ours.peers
  figures.ofEchoLimit = figures.udp1kx1k! / figures.echoLimit!
  figures.p99HalfLoadUs = ours.p99HalfLoadUs
  figures.residentMB20M = await residentOfTwentyMillion(bench)
  const ratios: Record<string, number> = {}
  for (const peer of peers) {
    const theirs = await measure(bench, peer)
    const suffix = peer === 'opentracker' ? 'VsOpentracker' : 'VsBittorrentTracker'
    for (const name of rateNames) ratios[`${name}${suffix}`] = ours.rates[name] / theirs.rates[name]
    ratios[`memory${suffix}`] = theirs.grownKB / ours.grownKB
  }
  return { figures, ratios }
}

const rateNames = ['udp1kx1k', 'udp100kx10', 'udpConnect', 'httpClose'] as const

interface BenchRun {
  generator: Generator
  directory: string
  seconds: number
  scale: number
  log: (line: string) => void
}

interface Measured {
  rates: Record<(typeof rateNames)[number], number>
  p99HalfLoadUs: number
  /** The growth of the process from idle with its allow-list to all peers. */
  grownKB: number
  peers: number
}

async function measure(bench: BenchRun, name: ServerName): Promise<Measured> {
  const { generator, seconds, log } = bench
  const peers = Math.round(1_000_000 * bench.scale)
  const tell = (what: string, result: LoadResult): number => {
    log(
      `${name.padEnd(18)} ${what.padEnd(26)} ${Math.round(result.perSecond).toLocaleString('en').padStart(9)}/s  ` +
        `${result.serverUsEach.toFixed(2)} µs each, p99 ${result.p99Us} µs, ${(result.residentKB / 1024).toFixed(0)} MB` +
        (result.failed + result.lost > 0 ? `, ${result.failed} failed, ${result.lost} lost` : ''),
    )
    return result.perSecond
  }
  await using server = await startServer(name, await hashFile(bench, 1000))
  const { port, pid } = server
  const idleKB = await residentKB(pid)
  const shape = { port, pid, torrents: 1000, peers }
  const filled = await generator.run({ mode: 'udp', ...shape, fill: true })
  tell(`UDP, ${peers} peers come`, filled)
  // The rate is measured in swarms of a thousand peers, and the memory per peer from what that added.
  const udp1kx1k = tell('UDP 1,000 × 1,000', await generator.run({ mode: 'udp', ...shape, seconds }))
  const half = await generator.run({ mode: 'udp', ...shape, seconds, rate: udp1kx1k / 2 })
  tell('  at half that', half)
  const udpConnect = tell(
    'UDP connect + announce',
    await generator.run({ mode: 'udp', ...shape, seconds, connect: true }),
  )
  const httpClose = tell('HTTP, a connection each', await generator.run({ mode: 'http', ...shape, seconds }))

  const many = Math.round(100_000 * bench.scale)
  await using wide = await startServer(name, await hashFile(bench, many))
  const wideShape = { port: wide.port, pid: wide.pid, torrents: many, peers }
  await generator.run({ mode: 'udp', ...wideShape, fill: true })
  const udp100kx10 = tell('UDP 100,000 × 10', await generator.run({ mode: 'udp', ...wideShape, seconds }))
  return {
    rates: { udp1kx1k, udp100kx10, udpConnect, httpClose },
    p99HalfLoadUs: half.p99Us,
    grownKB: filled.residentKB - idleKB,
    peers,
  }
}

/** Adds 20 million peers in 1,000 swarms of one process; a hundredth of that in a quick run. */
async function residentOfTwentyMillion({ scale, log }: BenchRun): Promise<number> {
  const script = fileURLToPath(new URL('tracker/memory-fill.ts', import.meta.url))
  const peers = scale < 1 ? 200_000 : 20_000_000
  const { stdout } = await promisify(execFile)(process.execPath, [
    '--expose-gc',
    script,
    '1000',
    String(peers),
  ])
  const { residentMB, bytesPerPeer } = JSON.parse(stdout) as { residentMB: number; bytesPerPeer: number }
  log(
    `${peers.toLocaleString('en')} peers in one process: ${residentMB.toFixed(0)} MB, ${bytesPerPeer.toFixed(1)} bytes each`,
  )
  return residentMB
}

/** The rate of an echo server on Node's dgram, which no tracker on dgram can exceed. */
async function echoLimit({ generator, seconds, log, directory }: BenchRun): Promise<number> {
  await using server = await startServer('echo', directory)
  const { perSecond } = await generator.run({ mode: 'echo', port: server.port, pid: server.pid, seconds })
  log(
    `${'Node dgram'.padEnd(18)} ${'echo'.padEnd(26)} ${Math.round(perSecond).toLocaleString('en').padStart(9)}/s`,
  )
  return perSecond
}

async function hashFile({ generator, directory }: BenchRun, torrents: number): Promise<string> {
  const file = path.join(directory, `hashes-${torrents}`)
  await writeFile(file, await generator.hashes(torrents))
  return file
}

async function residentKB(pid: number): Promise<number> {
  return Number(/VmRSS:\s+(\d+)/.exec(await readFile(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0)
}
