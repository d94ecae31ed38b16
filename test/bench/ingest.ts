/**
 * Commits a second from the socket into PostgreSQL when every commit is ours: verified, checked against its lexicon,
 * indexed, durable. Beside it `@atproto/sync` verifying the same stream with a handler that does nothing, and the
 * limit of one core that does nothing but check the signatures with `node:crypto`.
 */
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import { createScratchDatabase } from '@holdfast/appview/catalog/test-backends'
import { startPlc } from '../network/plc.ts'
import { median } from '../system/median.ts'
import { scratchDirectory } from '../system/scratch.ts'
import { forgeStream } from './ingest/forge-stream.ts'
import type { Bench } from './main.ts'

const execute = promisify(execFile)

export const run: Bench = async ({ quick, log }) => {
  const databaseUrl = process.env.HOLDFAST_TEST_DATABASE_URL
  if (!databaseUrl)
    throw new Error('This bench writes to PostgreSQL: set HOLDFAST_TEST_DATABASE_URL to a server it may use.')
  await using scratch = await scratchDirectory()
  await using plc = await startPlc()
  const frames = await forgeStream(plc, { repos: 24, commits: quick ? 300 : 20_000, log })
  const path = join(scratch.path, 'stream')
  await writeFile(path, Buffer.concat(frames.flatMap((frame) => [lengthOf(frame), frame])))

  const measure = async (way: string) => {
    await using database = await createScratchDatabase(databaseUrl)
    const seconds = await runOnce({
      way,
      path,
      count: frames.length,
      plcUrl: plc.url,
      databaseUrl: database.url,
    })
    log(`${way}: ${Math.round(frames.length / seconds)} commits/s`)
    return frames.length / seconds
  }
  // Long enough that what a process compiles once does not count, and as often as makes a median.
  const rates: number[] = []
  for (let n = 0; n < (quick ? 1 : 3); n++) rates.push(await measure('ours'))
  const ours = median(rates)
  const reference = await measure('reference')
  const limit = await measure('limit')
  return {
    figures: { commitsPerSecond: ours, atprotoSyncCommitsPerSecond: reference, verifyLimitPerSecond: limit },
    ratios: { vsAtprotoSync: ours / reference, ofVerifyLimit: ours / limit },
  }
}

type Measuring = { way: string; path: string; count: number; plcUrl: string; databaseUrl: string }

async function runOnce({ way, path, count, plcUrl, databaseUrl }: Measuring): Promise<number> {
  const server = spawn(process.execPath, [fileOf('firehose/replay-server.ts'), path, String(count)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  try {
    const [line] = await once(createInterface(server.stdout), 'line')
    const url = `ws://127.0.0.1:${JSON.parse(line).port}`
    const args = [fileOf('ingest/ingest-process.ts'), way, url, plcUrl, String(count), databaseUrl, path]
    const { stdout } = await execute(process.execPath, args)
    return (JSON.parse(stdout.trim().split('\n').at(-1)!) as { seconds: number }).seconds
  } finally {
    server.kill()
  }
}

const fileOf = (name: string) => new URL(name, import.meta.url).pathname

function lengthOf(frame: Uint8Array): Buffer {
  const length = Buffer.alloc(4)
  length.writeUInt32BE(frame.length)
  return length
}
