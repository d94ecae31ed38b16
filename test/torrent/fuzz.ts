/**
 * node test/torrent/fuzz.ts [COUNT] [SEED] [--libtorrent]
 *
 * Parses COUNT (a million) mutated .torrent files in a thread that is watched: fails on any error that is not a
 * MetainfoError, on a file that takes over a second, and on more than 512 MB of memory. With --libtorrent each file is
 * shown to libtorrent too, and one that it refuses and we accept, or that gets other hashes or sizes, is a failure.
 */
import { writeFileSync } from 'node:fs'
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'
import { MetainfoError, parseMetainfo } from '@holdfast/torrent/metainfo'
import { startLibtorrent } from './libtorrent.ts'
import { mutate, seedFiles } from './mutate.ts'
import { seeded } from './random-tree.ts'

const limitMs = 1000
const limitRssBytes = 512 * 2 ** 20

if (!isMainThread) await fuzz(workerData)
else if (process.argv.includes('--libtorrent')) await compare()
else watch()

function numberArgument(position: number, otherwise: number): number {
  return Number(process.argv.slice(2).filter((argument) => !argument.startsWith('-'))[position] ?? otherwise)
}

interface Task {
  readonly count: number
  readonly seed: number
  /** The number of the file that is being parsed. */
  readonly current: SharedArrayBuffer
}

function watch(): void {
  const task: Task = {
    count: numberArgument(0, 1e6),
    seed: numberArgument(1, 1),
    current: new SharedArrayBuffer(4),
  }
  const current = new Int32Array(task.current)
  const startedAt = performance.now()
  const worker = new Worker(new URL(import.meta.url), { workerData: task })
  let [seen, since, peakRss] = [-1, 0, 0]
  const watchdog = setInterval(() => {
    peakRss = Math.max(peakRss, process.memoryUsage.rss())
    if (peakRss > limitRssBytes) end(`memory: ${peakRss} bytes at file ${current[0]}`)
    if (current[0] !== seen) [seen, since] = [current[0]!, performance.now()]
    // The worker measures itself by its own time; this limit is for a worker that never returns.
    else if (seen > 0 && performance.now() - since > 30 * limitMs) end(`file ${seen} hangs`)
  }, 100)
  worker.on('error', (error) => end(error.stack ?? String(error)))
  worker.on('message', ({ accepted, slowestMs }: { accepted: number; slowestMs: number }) => {
    const seconds = ((performance.now() - startedAt) / 1000).toFixed(0)
    const peak = (peakRss / 2 ** 20).toFixed(0)
    console.log(
      `${task.count} files in ${seconds} s: ${accepted} accepted, slowest ${slowestMs.toFixed(1)} ms, peak RSS ${peak} MB`,
    )
    end(null)
  })
  function end(problem: string | null): void {
    clearInterval(watchdog)
    if (problem) console.error(`seed ${task.seed}: ${problem}`)
    process.exit(problem ? 1 : 0)
  }
}

async function fuzz({ count, seed, current }: Task): Promise<void> {
  const counter = new Int32Array(current)
  let [accepted, slowestMs] = [0, 0]
  for await (const { file, number } of mutated(count, seed)) {
    counter[0] = number
    // The time of this thread, because on a busy machine a second may pass without any progress.
    const before = process.threadCpuUsage()
    if (parsed(file, number)) accepted++
    const { user, system } = process.threadCpuUsage(before)
    const tookMs = (user + system) / 1000
    slowestMs = Math.max(slowestMs, tookMs)
    if (tookMs > limitMs) throw new Error(`file ${number} took ${tookMs} ms: ${keep(file)}`)
  }
  parentPort!.postMessage({ accepted, slowestMs })
}

async function* mutated(count: number, seed: number): AsyncGenerator<{ file: Buffer; number: number }> {
  const seeds = await seedFiles()
  const random = seeded(seed)
  for (let number = 1; number <= count; number++)
    yield { file: mutate(seeds[Math.floor(random() * seeds.length)]!, random), number }
}

/** Null if the file was rejected as it should be. */
function parsed(file: Buffer, number: number) {
  try {
    const metainfo = parseMetainfo(file)
    for (const { path } of metainfo.iterateFiles())
      if (path.some((element) => element === '' || element === '..' || element.includes('/')))
        throw new Error(`accepted the path ${path.join('/')}`)
    return metainfo
  } catch (error) {
    if (error instanceof MetainfoError) return null
    throw new Error(`file ${number} (${keep(file)}): ${(error as Error).stack}`)
  }
}

/** The reason for rejecting a file, without the parts that differ from file to file. */
function reason(file: Buffer): string {
  try {
    parseMetainfo(file)
    return ''
  } catch (error) {
    return (error as Error).message.replace(/[0-9a-f]{64}|\d+/g, 'N').replace(/(file tree)\S+|".*?"/g, '$1…')
  }
}

function keep(file: Buffer): string {
  const place = `/tmp/holdfast-fuzz-${process.pid}.torrent`
  writeFileSync(place, file)
  return place
}

async function compare(): Promise<void> {
  await using libtorrent = startLibtorrent()
  const stricter = new Map<string, number>()
  const counts = { both: 0, onlyTheirs: 0, neither: 0, differ: 0 }
  for await (const { file, number } of mutated(numberArgument(0, 20_000), numberArgument(1, 1))) {
    const ours = parsed(file, number)
    const place = keep(file)
    const theirs = await libtorrent.parse(place)
    if (!ours) {
      counts[theirs.ok ? 'onlyTheirs' : 'neither']++
      if (theirs.ok) stricter.set(reason(file), (stricter.get(reason(file)) ?? 0) + 1)
    } else if (
      theirs.ok &&
      ours.infoHashV1 === theirs.v1 &&
      ours.infoHashV2 === theirs.v2 &&
      ours.paddedSizeBytes === theirs.paddedSizeBytes
    )
      counts.both++
    else {
      counts.differ++
      writeFileSync(`/tmp/holdfast-differs-${counts.differ}.torrent`, file)
      console.log(
        `file ${number} (/tmp/holdfast-differs-${counts.differ}.torrent)`,
        JSON.stringify(theirs),
        ours.infoHashV1,
        ours.infoHashV2,
        ours.paddedSizeBytes,
      )
    }
  }
  console.log(counts, 'refused by us alone:', stricter)
  process.exitCode = counts.differ > 0 ? 1 : 0
}
