/**
 * Commits a second from the socket into PostgreSQL when every commit is ours: verified, checked against its lexicon,
 * indexed, durable. Beside it `@atproto/sync` verifying the same stream with a handler that does nothing, and the
 * limit of one core that does nothing but check the signatures with `node:crypto`; and what the steps before the signature
 * cost, beside @atcute's packages, in microseconds a frame.
 */
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import { createScratchDatabase } from '@holdfast/appview/testing/backends'
import { startHostilePds } from '../network/hostile-pds.ts'
import { startPlc } from '../network/plc.ts'
import { median } from '../system/median.ts'
import { scratchDirectory } from '../system/scratch.ts'
import { forgeStream } from './ingest/forge-stream.ts'
import type { Bench } from './main.ts'

const execute = promisify(execFile)
const repos = 24

export const run: Bench = async ({ quick, log }) => {
  const databaseUrl = process.env.HOLDFAST_TEST_DATABASE_URL
  if (!databaseUrl)
    throw new Error('This bench writes to PostgreSQL: set HOLDFAST_TEST_DATABASE_URL to a server it may use.')
  await using scratch = await scratchDirectory()
  await using plc = await startPlc()
  await using pds = await startHostilePds()
  const frames = await forgeStream({ plc, pds }, { repos, commits: quick ? 300 : 20_000, log })
  const path = join(scratch.path, 'stream')
  await writeRecording(path, frames)
  const firstPath = join(scratch.path, 'first')
  await writeRecording(firstPath, frames.slice(0, repos))

  const measure = async (way: string) => {
    await using database = await createScratchDatabase(databaseUrl)
    const parts = { plcUrl: plc.url, databaseUrl: database.url }
    if (way === 'ours') await runOnce({ way: 'introduce', path: firstPath, count: repos, ...parts })
    const { seconds } = JSON.parse(await runOnce({ way, path, count: frames.length, ...parts }))
    log(`${way}: ${Math.round(frames.length / seconds)} commits/s`)
    return frames.length / seconds
  }
  const own = await readWith('ours', path, quick)
  const theirs = await readWith('atcute', path, quick)
  for (const step of steps) log(`${step}: ${own[step].toFixed(1)} µs, @atcute ${theirs[step].toFixed(1)} µs`)
  // The run is long enough that compilation does not matter, and is repeated to get a median.
  const rates: number[] = []
  for (let n = 0; n < (quick ? 1 : 3); n++) rates.push(await measure('ours'))
  const ours = median(rates)
  const reference = await measure('reference')
  const limit = await measure('limit')
  return {
    figures: {
      commitsPerSecond: ours,
      atprotoSyncCommitsPerSecond: reference,
      verifyLimitPerSecond: limit,
      ...named((step) => [`${step}Us`, own[step]]),
      ...named((step) => [`${step}AtcuteUs`, theirs[step]]),
    },
    ratios: {
      vsAtprotoSync: ours / reference,
      ofVerifyLimit: ours / limit,
      vsAtcute: (theirs.decode + theirs.prove) / (own.decode + own.prove),
      ...named((step) => [`${step}VsAtcute`, theirs[step] / own[step]]),
    },
  }
}

/** The steps of a commit before its signature is checked (`ingest/reading.ts`). */
const steps = ['pass', 'decode', 'openCar', 'checkBlocks', 'prove', 'findRecord'] as const
type Step = (typeof steps)[number]

const named = (entry: (step: Step) => [string, number]): Record<string, number> =>
  Object.fromEntries(steps.map(entry))

async function readWith(way: 'ours' | 'atcute', path: string, quick: boolean): Promise<Record<Step, number>> {
  const args = [fileOf('ingest/read-process.ts'), way, path, quick ? '20' : '1000']
  const { stdout } = await execute(process.execPath, args)
  return JSON.parse(stdout)
}

interface Measuring {
  way: string
  path: string
  count: number
  plcUrl: string
  databaseUrl: string
}

/** Runs the process once and returns what it printed. */
async function runOnce({ way, path, count, plcUrl, databaseUrl }: Measuring): Promise<string> {
  await using server = await replay(path, count)
  const args = [way, server.url, plcUrl, String(count), databaseUrl, path]
  const { stdout } = await execute(process.execPath, [fileOf('ingest/ingest-process.ts'), ...args])
  return stdout.trim().split('\n').at(-1)!
}

async function replay(path: string, count: number): Promise<AsyncDisposable & { url: string }> {
  const server = spawn(process.execPath, [fileOf('firehose/replay-server.ts'), path, String(count)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [line] = await once(createInterface(server.stdout), 'line')
  return {
    url: `ws://127.0.0.1:${JSON.parse(line).port}`,
    async [Symbol.asyncDispose]() {
      server.kill()
    },
  }
}

async function writeRecording(path: string, frames: readonly Uint8Array[]): Promise<void> {
  await writeFile(path, Buffer.concat(frames.flatMap((frame) => [lengthOf(frame), frame])))
}

const fileOf = (name: string) => new URL(name, import.meta.url).pathname

function lengthOf(frame: Uint8Array): Buffer {
  const length = Buffer.alloc(4)
  length.writeUInt32BE(frame.length)
  return length
}
