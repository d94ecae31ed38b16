import { readFileSync } from 'node:fs'
import { Agent } from 'node:http'
import { methods } from '@holdfast/lexicons/nsid'
import { get } from './get.ts'
import type { Process } from './processes.ts'

export interface Throughput {
  readonly requestsPerSecond: number
  /** Requests for each second of processor time that the AppView's processes used. */
  readonly perCoreSecond: number
  /** The share of requests that the process with the fewest answered, of what would be even. */
  readonly evenness: number
}

const connectionsEach = 8

/** Asks every process over keep-alive connections, without a pause, for datasets, searches and pages in turn. */
export async function measureThroughput(
  processes: readonly Process[],
  { uris, seconds }: { uris: readonly string[]; seconds: number },
): Promise<Throughput> {
  const before = cpuSeconds(processes)
  const startedAtMs = performance.now()
  const endsAtMs = startedAtMs + seconds * 1_000
  const answered = await Promise.all(
    processes.map(async ({ url }) => {
      const agent = new Agent({ keepAlive: true, maxSockets: connectionsEach })
      const counts = await Promise.all(
        Array.from({ length: connectionsEach }, (_, n) => askUntil(endsAtMs, { url, agent, uris, n })),
      )
      agent.destroy()
      return counts.reduce((sum, count) => sum + count, 0)
    }),
  )
  const total = answered.reduce((sum, count) => sum + count, 0)
  return {
    requestsPerSecond: (total * 1_000) / (performance.now() - startedAtMs),
    perCoreSecond: total / (cpuSeconds(processes) - before),
    evenness: (Math.min(...answered) * processes.length) / total,
  }
}

async function askUntil(
  endsAtMs: number,
  { url, agent, uris, n }: { url: string; agent: Agent; uris: readonly string[]; n: number },
): Promise<number> {
  let count = 0
  for (let turn = n * 7; performance.now() < endsAtMs; turn++, count++)
    await get(new URL(pathOf(turn, uris), url), agent)
  return count
}

function pathOf(turn: number, uris: readonly string[]): string {
  const uri = uris[turn % uris.length]!
  if (turn % 4 === 0) return `/xrpc/${methods.searchDatasets}?q=dataset+${turn % uris.length}`
  if (turn % 4 === 1) {
    const [did, , rkey] = uri.slice('at://'.length).split('/')
    return `/dataset/${did}/${rkey}`
  }
  return `/xrpc/${methods.getDataset}?uri=${encodeURIComponent(uri)}`
}

const ticksPerSecond = 100

/** The processor time that these processes used so far, on Linux. */
function cpuSeconds(processes: readonly Process[]): number {
  const ticks = processes.map(({ program }) => {
    const fields = readFileSync(`/proc/${program.process.pid}/stat`, 'utf8').split(') ')[1]!.split(' ')
    return Number(fields[11]) + Number(fields[12])
  })
  return ticks.reduce((sum, count) => sum + count, 0) / ticksPerSecond
}
