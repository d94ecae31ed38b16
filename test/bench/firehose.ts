/**
 * Frames a second read and decided on from one stream, by our reader (every commit of ours verified), by
 * `@atproto/sync` filtered to the same collections, and by a bare WebSocket client that throws frames away. The
 * stream was recorded from real PDSes a moment before and is replayed over a socket by a process of its own; each
 * reader is a process of its own, too, and a Node process decodes on one core.
 */
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import { startNetwork } from '../network/network.ts'
import { median } from '../system/median.ts'
import { scratchDirectory } from '../system/scratch.ts'
import { type RecordedStream, recordStream } from './firehose/record-stream.ts'
import type { Bench } from './main.ts'

const repos = 24
const execute = promisify(execFile)

export const run: Bench = async ({ quick, log }) => {
  await using scratch = await scratchDirectory()
  await using network = await startNetwork({ pdsCount: 2, accounts: repos, relay: false })
  const stream = await recordStream(network, { commits: quick ? 400 : 4_000, log })
  const rounds = Math.ceil((quick ? 20_000 : 400_000) / stream.frames.length)
  const shortest = rounds * stream.frames.length
  const path = join(scratch.path, 'stream')
  await writeFile(path, lengthPrefixed(stream))
  log(
    `replayed ${rounds} times: ${shortest} frames, ${((stream.ours / stream.frames.length) * 100).toFixed(2)} % ours`,
  )

  const read = async (way: string) => {
    // Every reader runs for some seconds, so that compilation does not count.
    const count = quick || way === 'reference' ? shortest : 4 * shortest
    const rates: number[] = []
    for (let n = 0; n < (quick || way === 'reference' ? 1 : 3); n++) {
      const { seconds, cpuSeconds, verified } = await readOnce({ way, path, count, plcUrl: network.plcUrl })
      log(
        `${way}: ${Math.round(count / seconds)} frames/s, ${cpuSeconds.toFixed(1)} s CPU, ${verified} events of ours`,
      )
      rates.push(count / seconds)
    }
    return median(rates)
  }
  const bare = await read('bare')
  const ours = await read('ours')
  const reference = await read('reference')
  return {
    figures: {
      framesPerSecond: ours,
      atprotoSyncFramesPerSecond: reference,
      bareWsFramesPerSecond: bare,
      medianFrameBytes: stream.medianFrameBytes,
    },
    ratios: { vsAtprotoSync: ours / reference, ofBareWs: ours / bare },
  }
}

interface Reading {
  way: string
  path: string
  count: number
  plcUrl: string
}

async function readOnce({ way, path, count, plcUrl }: Reading) {
  const server = spawn(process.execPath, [fileOf('replay-server.ts'), path, String(count)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  try {
    const [line] = await once(createInterface(server.stdout), 'line')
    const url = `ws://127.0.0.1:${JSON.parse(line).port}`
    const reader = await execute(process.execPath, [fileOf('reader.ts'), way, url, plcUrl, String(count)])
    return JSON.parse(reader.stdout.trim().split('\n').at(-1)!) as Answer
  } finally {
    server.kill()
  }
}

interface Answer {
  seconds: number
  cpuSeconds: number
  verified: number
}

const fileOf = (name: string) => new URL(`firehose/${name}`, import.meta.url).pathname

function lengthPrefixed({ frames }: RecordedStream): Buffer {
  return Buffer.concat(
    frames.flatMap((frame) => {
      const length = Buffer.alloc(4)
      length.writeUInt32BE(frame.length)
      return [length, frame]
    }),
  )
}
