/**
 * Seconds to make a v1 and a hybrid torrent of 2 GB in the page cache with two threads, compared with mktorrent (two threads),
 * transmission-create and libtorrent's `set_piece_hashes` (one thread each: they have no setting), and with the machine's
 * limit. mktorrent and transmission-create are timed from start to end; ours and libtorrent's from call to result.
 */
import { execFileSync, spawnSync } from 'node:child_process'
import { randomFillSync } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { loadavg } from 'node:os'
import { join } from 'node:path'
import { median } from '../system/median.ts'
import { scratchDirectory } from '../system/scratch.ts'
import { startLibtorrent } from '../torrent/libtorrent.ts'
import type { Bench } from './main.ts'

const pieceLengthBytes = 2 ** 20
const threads = 2
const fileCount = 4

export const run: Bench = async ({ quick, log }) => {
  const [fileBytes, rounds] = quick ? [32 * 2 ** 20, 1] : [512 * 2 ** 20, 5]
  await using stack = new AsyncDisposableStack()
  const directory = stack.use(await scratchDirectory()).path
  const libtorrent = stack.use(startLibtorrent())
  const data = join(directory, 'data')
  writeData(data, fileBytes)
  const files = readdirSync(data).map((file) => [file, fileBytes] as const)
  const byLibtorrent = { root: directory, name: 'data', files, pieceLengthBytes, version: 'hybrid' as const }

  log(
    `${(fileCount * fileBytes) / 1e9} GB in ${fileCount} files, pieces of 1 MiB; load ${loadavg()[0]!.toFixed(2)}`,
  )
  const runs = {
    v1: async () => ours(data, 'v1', directory),
    mktorrent: async () =>
      wall(directory, 'mktorrent', ['-t', String(threads), '-l', '20', '-d', '-a', 'http://x/', '-o']),
    transmission: async () => wall(directory, 'transmission-create', ['-s', '1024', '-o']),
    hybrid: async () => ours(data, 'hybrid', directory),
    libtorrent: async () => (await libtorrent.hash(byLibtorrent)).seconds,
  }
  // The first run is not measured: it loads the files into the cache and lets the program compile its code.
  await runs.hybrid()
  // In each round the programs run one after the other, so that a busy period of the machine affects all of them.
  const seconds = new Map<string, number[]>(Object.keys(runs).map((name) => [name, []]))
  for (let round = 0; round < rounds; round++)
    for (const [name, measure] of Object.entries(runs)) seconds.get(name)!.push(await measure())
  const of = (name: keyof typeof runs) => median(seconds.get(name)!)

  const many = ofManyFiles(join(directory, 'many'), { folders: quick ? 10 : 1_000, directory })
  log(`${many.files} files: ${many.seconds.toFixed(1)} s, peak memory ${many.peakRssMB.toFixed(0)} MB`)
  const limit = opensslLimit(fileCount * fileBytes)
  for (const name of seconds.keys())
    log(
      `${name}: ${seconds
        .get(name)!
        .map((value) => value.toFixed(3))
        .join(' ')} s`,
    )
  log(
    `limit (openssl speed, ${threads} cores): v1 ${limit.v1.toFixed(3)} s, hybrid ${limit.hybrid.toFixed(3)} s`,
  )
  log(`peak memory ${Math.max(...peaks).toFixed(0)} MB; load ${loadavg()[0]!.toFixed(2)}`)
  return {
    figures: {
      v1Seconds: of('v1'),
      hybridSeconds: of('hybrid'),
      limitSeconds: limit.hybrid,
      threads,
      peakMB: Math.max(...peaks),
      manyFiles: many.files,
      manyFilesSeconds: many.seconds,
      manyFilesPeakMB: many.peakRssMB,
    },
    ratios: {
      v1VsMktorrent: of('mktorrent') / of('v1'),
      v1VsTransmission: of('transmission') / of('v1'),
      hybridVsLibtorrent: of('libtorrent') / of('hybrid'),
    },
  }
}

function writeData(data: string, fileBytes: number): void {
  mkdirSync(data)
  const noise = randomFillSync(Buffer.alloc(16 * 2 ** 20))
  for (let file = 0; file < fileCount; file++) {
    const place = join(data, `file-${file}`)
    for (let written = 0; written < fileBytes; written += noise.length) {
      noise.writeDoubleBE(written + file)
      writeFileSync(place, noise, { flag: 'a' })
    }
    readFileSync(place)
  }
}

const peaks: number[] = []

function ours(data: string, version: 'v1' | 'hybrid', scratch: string): number {
  const { seconds, peakRssMB } = create(data, { version, pieceLengthBytes, scratch })
  peaks.push(peakRssMB)
  return seconds
}

/** Makes a hybrid torrent of a thousand tiny files per folder, whose cost is in names, hashes and opening files. */
function ofManyFiles(data: string, { folders, directory }: { folders: number; directory: string }) {
  const each = 1_000
  for (let folder = 0; folder < folders; folder++) {
    mkdirSync(join(data, `folder-${folder}`), { recursive: true })
    for (let file = 0; file < each; file++)
      writeFileSync(join(data, `folder-${folder}`, `file-${file}.txt`), `${folder} ${file}`)
  }
  const made = create(data, { version: 'hybrid', pieceLengthBytes: 16_384, scratch: directory })
  return { ...made, files: folders * each }
}

interface Made {
  seconds: number
  peakRssMB: number
}

function create(
  data: string,
  asked: { version: 'v1' | 'hybrid'; pieceLengthBytes: number; scratch: string },
): Made {
  const script = join(import.meta.dirname, 'hash/create.ts')
  // Like the `holdfast` command, this uses a compile cache, so that type stripping happens only once.
  const env = { ...process.env, NODE_COMPILE_CACHE: join(asked.scratch, 'compiled') }
  const args = [script, data, asked.version, String(asked.pieceLengthBytes), String(threads)]
  return JSON.parse(execFileSync(process.execPath, args, { env, encoding: 'utf8' })) as Made
}

function wall(directory: string, program: string, args: readonly string[]): number {
  const out = join(directory, 'out.torrent')
  rmSync(out, { force: true })
  const startedAt = performance.now()
  const { status, error, stderr } = spawnSync(program, [...args, out, 'data'], { cwd: directory })
  if (status !== 0) throw new Error(`${program} failed: ${error?.message ?? stderr}`)
  return (performance.now() - startedAt) / 1000
}

/** The time that the two hashes alone would take on all threads, as measured by OpenSSL. */
function opensslLimit(bytes: number): { v1: number; hybrid: number } {
  const bytesPerSecond = (algorithm: string): number => {
    const args = ['speed', '-elapsed', '-mr', '-seconds', '1', '-bytes', '16384', '-evp', algorithm]
    const { stdout } = spawnSync('openssl', args, { encoding: 'utf8' })
    const match = /\+F:\d+:[^:]+:([\d.]+)/.exec(stdout)
    if (!match) throw new Error(`openssl speed -evp ${algorithm} printed no figure: ${stdout}`)
    return Number(match[1])
  }
  const [sha1, sha256] = [bytesPerSecond('sha1'), bytesPerSecond('sha256')]
  return { v1: bytes / sha1 / threads, hybrid: (bytes / sha1 + bytes / sha256) / threads }
}
