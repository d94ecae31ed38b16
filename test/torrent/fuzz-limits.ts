/**
 * node test/torrent/fuzz-limits.ts [--inputs N] [--seed S]
 *
 * Grows hostile .torrent files from the format (depth, counts, lengths, names that repeat, on and around each limit) and has
 * each checked as an AppView does, in a thread: time, memory and rows are a fixed factor of the file's size. Fails on a file
 * that costs more, on one that the thread does not survive, and on any error that is not a MetainfoError.
 */
import { once } from 'node:events'
import { parseArgs } from 'node:util'
import { getHeapStatistics } from 'node:v8'
import { isMainThread, parentPort, Worker } from 'node:worker_threads'
import { checkMetainfo } from '@holdfast/appview/swarm/metainfo/metainfo-check'
import { grow } from './grow.ts'
import { seeded } from './random-tree.ts'

/** The cost per byte of a file, in addition to the fixed cost of any file. */
const most = {
  nanosecondsPerByte: 1_000,
  freeMs: 100,
  grownPerByte: 60,
  freeBytes: 64_000_000,
  rows: 10_000,
  pathLength: 4_000_000,
}
const heapMb = 256

interface Cost {
  /** The thread's own processor time. */
  readonly ms: number
  /** Heap and buffers, including garbage that was not collected yet. */
  readonly grownBytes: number
  readonly rows: number
  readonly pathLength: number
  readonly verdict: 'accepted' | 'refused'
}

if (isMainThread) await fuzz()
else parentPort!.on('message', (file: Uint8Array) => parentPort!.postMessage(measure(file)))

async function fuzz(): Promise<void> {
  const { values } = parseArgs({
    options: { inputs: { type: 'string', default: '1000' }, seed: { type: 'string', default: '1' } },
  })
  const random = seeded(Number(values.seed))
  const seen = { accepted: 0, refused: 0, bytes: 0, nanosecondsPerByte: 0, grownPerByte: 0 }
  const thread = new Worker(new URL(import.meta.url), {
    resourceLimits: { maxOldGenerationSizeMb: heapMb },
  })
  for (let number = 1; number <= Number(values.inputs); number++) {
    const { what, file } = grow(random)
    const input = `seed ${values.seed}, input ${number} (${what}, ${file.length} bytes)`
    const { length } = file
    thread.postMessage(file)
    const [cost]: Cost[] = await once(thread, 'message').catch((error) => {
      throw new Error(`${input} ended the thread`, { cause: error })
    })
    if (isTooDear(cost!, length)) throw new Error(`${input} costs ${JSON.stringify(cost)}`)
    seen[cost!.verdict]++
    seen.bytes += length
    // A small file costs as much as any file.
    if (length < 100_000) continue
    seen.nanosecondsPerByte = Math.max(seen.nanosecondsPerByte, (cost!.ms * 1e6) / length)
    seen.grownPerByte = Math.max(seen.grownPerByte, cost!.grownBytes / length)
  }
  await thread.terminate()
  console.log(
    `seed ${values.seed}: ${values.inputs} inputs of ${Math.round(seen.bytes / 1e6)} MB, ${seen.accepted} accepted, ${seen.refused} refused; of those over 100 kB at worst ${Math.round(seen.nanosecondsPerByte)} ns and ${Math.round(seen.grownPerByte)} bytes of memory for each byte`,
  )
}

function isTooDear(cost: Cost, sizeBytes: number): boolean {
  return (
    cost.ms > most.freeMs + (sizeBytes * most.nanosecondsPerByte) / 1e6 ||
    cost.grownBytes > most.freeBytes + sizeBytes * most.grownPerByte ||
    cost.rows > most.rows ||
    cost.pathLength > most.pathLength
  )
}

function measure(file: Uint8Array): Cost {
  const limits = { indexedFiles: most.rows, maxFiles: 4_000_000, allowPrivateHosts: false }
  const before = { cpu: process.threadCpuUsage(), memory: memoryBytes() }
  const verdict = checkMetainfo(file, { name: 'x' }, limits)
  const { user, system } = process.threadCpuUsage(before.cpu)
  const files = verdict.ok ? verdict.facts.files : []
  if (!verdict.ok && verdict.detail.length > 1_000)
    throw new Error(`a message of ${verdict.detail.length} characters`)
  return {
    ms: (user + system) / 1_000,
    grownBytes: memoryBytes() - before.memory,
    rows: files.length,
    pathLength: files.reduce((sum, { path }) => sum + path.length, 0),
    verdict: verdict.ok ? 'accepted' : 'refused',
  }
}

function memoryBytes(): number {
  const { used_heap_size: heap, external_memory: external } = getHeapStatistics()
  return heap + external
}
