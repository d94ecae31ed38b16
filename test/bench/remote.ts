/**
 * Bytes a second while a hybrid torrent is made of 4 GB that a local nginx serves, beside `curl` to /dev/null with as many
 * connections, and beside hashing the same files from the page cache. nginx, the reader and both hashes share the machine's
 * cores, which is why `vsSharedLimit` compares with what curl and hashing would take one after the other.
 */
import { execFile, execFileSync } from 'node:child_process'
import { randomFillSync } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { loadavg } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { startNginx } from '../cli/remote/nginx.ts'
import { median } from '../system/median.ts'
import { scratchDirectory } from '../system/scratch.ts'
import type { Bench } from './main.ts'

const connections = 4

interface Made {
  readonly seconds: number
  readonly peakRssMB: number
  readonly infoHashV2: string
  readonly leftOut: number
}

export const run: Bench = async ({ quick, log }) => {
  const [fileBytes, rounds] = quick ? [128 * 2 ** 20, 3] : [2 ** 30, 5]
  const totalBytes = connections * fileBytes
  await using scratch = await scratchDirectory()
  const root = join(scratch.path, 'www')
  writeData(join(root, 'data'), fileBytes)
  await using nginx = await startNginx(root, { folder: scratch.path })
  const names = Array.from({ length: connections }, (_, index) => `${nginx.url}data/file-${index}`)
  log(`${totalBytes / 1e9} GB in ${connections} files from nginx; load ${loadavg()[0]!.toFixed(2)}`)

  const child = async (script: string, ...args: string[]): Promise<Made> => {
    const env = { ...process.env, NODE_COMPILE_CACHE: join(scratch.path, 'compiled') }
    const { stdout } = await promisify(execFile)(
      process.execPath,
      [join(import.meta.dirname, script), ...args],
      { env },
    )
    return JSON.parse(stdout) as Made
  }
  const runs = {
    ours: () => child('remote/create.ts', `${nginx.url}data/`, String(connections), scratch.path),
    hashing: () => child('hash/create.ts', join(root, 'data'), 'hybrid', String(2 ** 21), '2'),
    curl: async () => ({ seconds: await fetchAll(names) }),
  }
  // The first runs compile code and fill the page cache.
  const requestsBefore = (await nginx.requests()).length
  const first = await runs.ours()
  const requests = (await nginx.requests()).length - requestsBefore
  if (first.leftOut > 0) throw new Error('a file was left out')
  await runs.hashing()
  const seconds = new Map<string, number[]>(Object.keys(runs).map((name) => [name, []]))
  const peaks = [first.peakRssMB]
  // In each round all run one after the other, so that a busy period of the machine affects each of them.
  for (let round = 0; round < rounds; round++)
    for (const [name, measure] of Object.entries(runs)) {
      const made = await measure()
      seconds.get(name)!.push(made.seconds)
      if (name === 'ours') peaks.push((made as Made).peakRssMB)
    }
  for (const [name, each] of seconds) log(`${name}: ${each.map((value) => value.toFixed(2)).join(' ')} s`)
  const of = (name: keyof typeof runs) => median(seconds.get(name)!)
  return {
    figures: {
      megabytesPerSecond: totalBytes / 1e6 / of('ours'),
      curlMegabytesPerSecond: totalBytes / 1e6 / of('curl'),
      hashingMegabytesPerSecond: totalBytes / 1e6 / of('hashing'),
      peakMB: Math.max(...peaks),
      // What a download of each file would not need: the listing, and a look at each file before and after.
      extraRequests: requests - connections,
    },
    ratios: {
      vsCurl: of('curl') / of('ours'),
      vsHashing: of('hashing') / of('ours'),
      vsSharedLimit: (of('curl') + of('hashing')) / of('ours'),
    },
  }
}

function writeData(folder: string, fileBytes: number): void {
  mkdirSync(folder, { recursive: true })
  const noise = randomFillSync(Buffer.alloc(16 * 2 ** 20))
  for (let file = 0; file < connections; file++)
    for (let written = 0; written < fileBytes; written += noise.length) {
      noise.writeDoubleBE(written + file)
      writeFileSync(join(folder, `file-${file}`), noise, { flag: 'a' })
    }
}

async function fetchAll(urls: readonly string[]): Promise<number> {
  const startedAt = performance.now()
  const targets = urls.flatMap((url) => ['--output', '/dev/null', url])
  execFileSync('curl', ['--silent', '--parallel', '--parallel-max', String(urls.length), ...targets], {
    stdio: 'ignore',
  })
  return (performance.now() - startedAt) / 1000
}
